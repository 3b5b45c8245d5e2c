-- Calls of the API by their idempotency keys: what was answered is answered again.
CREATE TABLE answers (
  key    BLOB PRIMARY KEY,                -- SHA-256 over the caller's key and the idempotency key
  digest BLOB NOT NULL,                   -- SHA-256 over the request
  at     REAL NOT NULL,
  status INTEGER NOT NULL,                -- 0: under way
  body   BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX answers_at ON answers (at);
