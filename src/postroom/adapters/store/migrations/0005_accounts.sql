-- People who may sign in.
CREATE TABLE users (
  key        TEXT PRIMARY KEY,            -- the name, in one case
  name       TEXT NOT NULL,
  role       TEXT NOT NULL,
  shown      TEXT NOT NULL,
  brands     TEXT NOT NULL,               -- JSON array
  routes     TEXT NOT NULL,               -- JSON array
  urgent     INTEGER NOT NULL,
  password   TEXT NOT NULL,
  disabled   INTEGER NOT NULL,
  created_at REAL NOT NULL
) WITHOUT ROWID;

-- Browsers that signed in.
CREATE TABLE sessions (
  key        BLOB PRIMARY KEY,            -- SHA-256 of the secret
  user       TEXT NOT NULL REFERENCES users (key),
  created_at REAL NOT NULL,
  seen_at    REAL NOT NULL,
  expires_at REAL NOT NULL,
  agent      TEXT NOT NULL,
  ip         TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user, created_at);
CREATE INDEX sessions_expire ON sessions (expires_at);

-- Programmes that may call the API.
CREATE TABLE keys (
  key        BLOB PRIMARY KEY,            -- SHA-256 of the secret
  name       TEXT NOT NULL UNIQUE,
  user       TEXT NOT NULL REFERENCES users (key),
  scope      TEXT NOT NULL,
  note       TEXT NOT NULL,
  created_at REAL NOT NULL,
  expires_at REAL,
  seen_at    REAL,
  revoked    INTEGER NOT NULL
) WITHOUT ROWID;

-- The audit log: who did what to what. Lines follow one another without gaps, each with a hash over all before it (model/deeds.py).
CREATE TABLE deeds (
  number INTEGER PRIMARY KEY,
  at     REAL NOT NULL,
  who    TEXT NOT NULL,
  what   TEXT NOT NULL,
  whom   TEXT NOT NULL,
  detail TEXT NOT NULL,
  chain  TEXT NOT NULL
);
CREATE INDEX deeds_who ON deeds (who);
CREATE INDEX deeds_what ON deeds (what);
CREATE INDEX deeds_whom ON deeds (whom);
CREATE TRIGGER deeds_never_change BEFORE UPDATE ON deeds BEGIN
  SELECT RAISE(ABORT, 'lines of the audit log are never changed');
END;
CREATE TRIGGER deeds_never_go BEFORE DELETE ON deeds BEGIN
  SELECT RAISE(ABORT, 'lines of the audit log are never taken away');
END;
-- Without it, INSERT OR REPLACE would take a line away unseen.
CREATE TRIGGER deeds_follow BEFORE INSERT ON deeds
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM deeds) BEGIN
  SELECT RAISE(ABORT, 'lines of the audit log follow one another');
END;
