-- What lists and search need. `mail` (the order of acceptance) is the order of every list, and the last column of every index here.
ALTER TABLE summaries ADD COLUMN brand TEXT NOT NULL DEFAULT '';
-- In built-in inboxes: 0 in none, 1 unread in one of them, 2 read in all. Kept by the triggers below.
ALTER TABLE summaries ADD COLUMN reading INTEGER NOT NULL DEFAULT 0;
UPDATE summaries SET brand = (SELECT m.brand FROM mails AS m WHERE m.seq = summaries.mail),
  reading = coalesce((SELECT 2 - max(i.read_at IS NULL) FROM inbox AS i WHERE i.mail = summaries.mail), 0);
CREATE INDEX summaries_desk ON summaries (route, brand);
CREATE INDEX summaries_unread ON summaries (route, brand, reading) WHERE reading = 1;
CREATE INDEX summaries_language ON summaries (language);
CREATE INDEX summaries_urgent ON summaries (urgent) WHERE urgent = 1;
CREATE INDEX summaries_unconfirmed ON summaries (unconfirmed) WHERE unconfirmed = 1;
CREATE INDEX mails_brand ON mails (brand);

CREATE TRIGGER inbox_filed AFTER INSERT ON inbox BEGIN
  UPDATE summaries SET reading = 1 WHERE mail = new.mail;
END;
CREATE TRIGGER inbox_opened AFTER UPDATE OF read_at ON inbox WHEN new.read_at IS NOT old.read_at BEGIN
  UPDATE summaries SET reading = CASE WHEN EXISTS (SELECT 1 FROM inbox AS i WHERE i.mail = new.mail AND i.read_at IS NULL) THEN 1 ELSE 2 END
  WHERE mail = new.mail;
END;

-- Which mails came in an hour (since the epoch): the first and the last of it. Clocks may be set, so hours may overlap.
CREATE TABLE hours (
  hour  INTEGER PRIMARY KEY,
  first INTEGER NOT NULL,
  last  INTEGER NOT NULL
);
INSERT INTO hours (hour, first, last) SELECT CAST(received_at / 3600 AS INTEGER), min(seq), max(seq) FROM mails GROUP BY 1;

CREATE TABLE tags (
  tag  TEXT NOT NULL,
  mail INTEGER NOT NULL REFERENCES mails (seq),
  PRIMARY KEY (tag, mail)
) WITHOUT ROWID;
CREATE INDEX tags_mail ON tags (mail);

-- The words of each judged mail, as `words.apart` has them. The text is kept beside the index: only with it can a row be taken out again.
-- The brand stands with it as one made-up word, so that a search among few mails need not look at all.
CREATE VIRTUAL TABLE found USING fts5 (sender, subject, text, brand, columnsize = 0, tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'");
-- Of mails that came before there was search: sender and subject.
INSERT INTO found (rowid, sender, subject, text, brand) SELECT mail, apart(from_addr), apart(subject), '', brand_word(brand) FROM summaries;
