-- What people said of decisions; `number` is the order in which they were kept.
CREATE TABLE verdicts (
  number INTEGER PRIMARY KEY,
  mail   INTEGER NOT NULL REFERENCES mails (seq),
  at     REAL NOT NULL,
  body   BLOB NOT NULL                    -- model/codec.py
);
CREATE INDEX verdicts_mail ON verdicts (mail);

-- Decisions that a person is asked about, until somebody answers or a later decision takes their place.
CREATE TABLE waiting (
  mail       INTEGER PRIMARY KEY REFERENCES mails (seq),
  generation INTEGER NOT NULL,
  asked      TEXT NOT NULL CHECK (asked IN ('review', 'audit')),
  since      REAL NOT NULL
);
CREATE INDEX waiting_asked ON waiting (asked, mail);
INSERT INTO waiting (mail, generation, asked, since)
  SELECT s.mail, s.generation, 'review', d.decided_at
  FROM summaries AS s CROSS JOIN decisions AS d ON d.mail = s.mail AND d.generation = s.generation
  WHERE s.route = 'review' AND EXISTS (
    SELECT 1 FROM jobs AS j WHERE j.mail = s.mail AND j.kind = 'clock' AND j.generation = s.generation AND j.state <> 'done');

-- Texts that people gave to a route, and the keys under which each is found.
CREATE TABLE texts (
  mail INTEGER PRIMARY KEY REFERENCES mails (seq),
  body BLOB NOT NULL
);
CREATE TABLE text_keys (
  key  INTEGER NOT NULL,
  mail INTEGER NOT NULL,
  PRIMARY KEY (key, mail)
) WITHOUT ROWID;
CREATE INDEX text_keys_mail ON text_keys (mail);
