-- Answers to people: the outbox that workers send from, and what became of each.
CREATE TABLE replies (
  number     INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  mail       INTEGER NOT NULL REFERENCES mails (seq),
  brand      TEXT NOT NULL,
  who        TEXT NOT NULL,               -- '' for postroom itself
  at         REAL NOT NULL,
  recipient  TEXT NOT NULL,               -- the one address that it goes to
  sender     TEXT NOT NULL,
  subject    TEXT NOT NULL,
  text       TEXT NOT NULL,
  message_id TEXT NOT NULL,
  automatic  INTEGER NOT NULL,
  asks       INTEGER NOT NULL,
  template   TEXT NOT NULL,
  language   TEXT NOT NULL,
  state      TEXT NOT NULL DEFAULT 'waiting'
    CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'bounced', 'withdrawn')),
  due_at     REAL NOT NULL,               -- while it is being sent: when it may be taken again
  tries      INTEGER NOT NULL DEFAULT 0,
  since      REAL NOT NULL,               -- when it was put, or tried again by a person
  settled_at REAL,
  said       TEXT NOT NULL DEFAULT '',
  untold     INTEGER NOT NULL DEFAULT 0,  -- 1: it was sent, and its case does not know yet
  raw        BLOB NOT NULL                -- the message as it leaves
);
CREATE INDEX replies_mail ON replies (mail);
CREATE INDEX replies_due ON replies (due_at, number) WHERE state IN ('waiting', 'sending');
CREATE INDEX replies_aside ON replies (number) WHERE state = 'failed';
CREATE INDEX replies_untold ON replies (number) WHERE untold = 1;
