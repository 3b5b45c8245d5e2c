-- A copy for those who are told of a mail (alarms, a review clock that ended) lies beside its desk: whether they read it says nothing of the desk.
ALTER TABLE inbox ADD COLUMN beside INTEGER NOT NULL DEFAULT 0;
DROP TRIGGER inbox_filed;
CREATE TRIGGER inbox_filed AFTER INSERT ON inbox WHEN new.beside = 0 BEGIN
  UPDATE summaries SET reading = 1 WHERE mail = new.mail;
END;
DROP TRIGGER inbox_opened;
CREATE TRIGGER inbox_opened AFTER UPDATE OF read_at, beside ON inbox WHEN new.read_at IS NOT old.read_at OR new.beside <> old.beside BEGIN
  UPDATE summaries SET reading = coalesce((SELECT 2 - max(i.read_at IS NULL) FROM inbox AS i WHERE i.mail = new.mail AND i.beside = 0), 0)
  WHERE mail = new.mail;
END;
DROP TRIGGER inbox_left;
CREATE TRIGGER inbox_left AFTER DELETE ON inbox BEGIN
  UPDATE summaries SET reading = coalesce((SELECT 2 - max(i.read_at IS NULL) FROM inbox AS i WHERE i.mail = old.mail AND i.beside = 0), 0) WHERE mail = old.mail;
END;

ALTER TABLE drafts ADD COLUMN name TEXT NOT NULL DEFAULT '';
