-- Requests to erase somebody. Address and mail stand here only until it is done.
CREATE TABLE erasures (
  number   INTEGER PRIMARY KEY,
  at       REAL NOT NULL,
  who      TEXT NOT NULL,
  address  TEXT NOT NULL,
  mail     TEXT NOT NULL,
  done_at  REAL,
  mails    INTEGER NOT NULL,
  examples INTEGER NOT NULL
);
CREATE INDEX erasures_unfinished ON erasures (number) WHERE done_at IS NULL;

-- Mails that were erased: their row in `mails` and their decisions stay, without words and addresses, to be counted.
CREATE TABLE erased_mails (
  mail    INTEGER PRIMARY KEY REFERENCES mails (seq),
  at      REAL NOT NULL,
  route   TEXT NOT NULL,
  decided TEXT NOT NULL
);
CREATE INDEX erased_mails_at ON erased_mails (at);

-- Keyed hashes of what was erased, by which it is known when it comes back.
CREATE TABLE tombstones (
  hash BLOB PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('address', 'mail', 'message')),
  at   REAL NOT NULL,
  who  TEXT NOT NULL,
  key  TEXT NOT NULL
) WITHOUT ROWID;

-- What may not be erased: an address, or the id of a mail.
CREATE TABLE holds (
  what   TEXT PRIMARY KEY,
  reason TEXT NOT NULL,
  who    TEXT NOT NULL,
  at     REAL NOT NULL
) WITHOUT ROWID;
