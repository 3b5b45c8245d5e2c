-- What a deliver job does at its destination: '' brings the mail, 'withdraw' and 'correct' take it back (model/work.py).
ALTER TABLE jobs ADD COLUMN task TEXT NOT NULL DEFAULT '' CHECK (task IN ('', 'withdraw', 'correct'));

-- Of a verdict that was taken back: it stays in the record and counts no more.
ALTER TABLE verdicts ADD COLUMN taken_back INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER inbox_left AFTER DELETE ON inbox BEGIN
  UPDATE summaries SET reading = coalesce((SELECT 2 - max(i.read_at IS NULL) FROM inbox AS i WHERE i.mail = old.mail), 0) WHERE mail = old.mail;
END;
