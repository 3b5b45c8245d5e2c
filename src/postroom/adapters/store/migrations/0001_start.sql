-- Mails, oldest first: `seq` is the order of acceptance and what other tables refer to.
CREATE TABLE mails (
  seq          INTEGER PRIMARY KEY,
  id           TEXT NOT NULL UNIQUE,
  received_at  REAL NOT NULL,
  brand        TEXT NOT NULL,
  duplicate_of TEXT,
  head         BLOB NOT NULL              -- model/codec.py: the mail without its raw bytes
);

-- The raw bytes, zstd-compressed; apart, so that the tables that are searched stay small.
CREATE TABLE raws (
  mail INTEGER PRIMARY KEY REFERENCES mails (seq),
  body BLOB NOT NULL
);

-- Fingerprints of the last days, to know a mail that comes again. The key starts with a number of five days: old ones go as a range.
CREATE TABLE prints (
  key   INTEGER PRIMARY KEY,
  print BLOB NOT NULL,
  mail  INTEGER NOT NULL
);

CREATE TABLE jobs (
  id          INTEGER PRIMARY KEY,
  mail        INTEGER NOT NULL REFERENCES mails (seq),
  kind        TEXT NOT NULL CHECK (kind IN ('judge', 'deliver', 'clock')),
  destination TEXT NOT NULL,
  generation  INTEGER NOT NULL,
  state       TEXT NOT NULL DEFAULT 'ready'
              CHECK (state IN ('ready', 'claimed', 'held', 'done', 'parked', 'dropped')),
  -- ready or claimed; apart from the state so that claiming does not touch the indexes of keys
  open        INTEGER NOT NULL DEFAULT 1 CHECK (open = (state IN ('ready', 'claimed'))),
  solo        INTEGER NOT NULL DEFAULT 0, -- a worker died or overstayed with it: claimed alone from now on
  due_at      REAL NOT NULL DEFAULT 0,    -- 0: at once, in order of id
  attempt     INTEGER NOT NULL DEFAULT 0,
  tries       INTEGER NOT NULL DEFAULT 0,
  strikes     INTEGER NOT NULL DEFAULT 0,
  claim       INTEGER,
  thread      INTEGER,                    -- hash of the mail's thread key, for judge jobs
  sender      INTEGER,                    -- hash of its sender key
  created_at  REAL NOT NULL,
  settled_at  REAL,                       -- when the state last changed by settling, parking or a hand
  receipt     TEXT NOT NULL DEFAULT '',
  error       TEXT NOT NULL DEFAULT '',
  why         TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX jobs_identity ON jobs (mail, kind, destination, generation);
-- The columns of a partial index's condition are in it as well, or SQLite would look each row up to see them.
CREATE INDEX jobs_ready ON jobs (state, kind, destination, solo, due_at, id) WHERE state = 'ready';
CREATE INDEX jobs_claim ON jobs (claim) WHERE claim IS NOT NULL;
CREATE INDEX jobs_thread ON jobs (thread, open, id) WHERE open = 1 AND thread IS NOT NULL;
CREATE INDEX jobs_sender ON jobs (sender, open, id) WHERE open = 1 AND sender IS NOT NULL;
CREATE INDEX jobs_aside ON jobs (state, settled_at) WHERE state IN ('held', 'parked', 'dropped');

-- One row a claimed batch.
CREATE TABLE claims (
  id          INTEGER PRIMARY KEY,
  worker      TEXT NOT NULL,
  boot        TEXT NOT NULL,              -- leases are in monotonic seconds of this boot
  lease_until REAL NOT NULL
);

CREATE TABLE lanes (
  destination TEXT PRIMARY KEY,
  down        INTEGER NOT NULL,
  probe_at    REAL NOT NULL,
  failures    INTEGER NOT NULL,
  error       TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE decisions (
  mail       INTEGER NOT NULL REFERENCES mails (seq),
  generation INTEGER NOT NULL,
  decided_at REAL NOT NULL,
  body       BLOB NOT NULL,
  PRIMARY KEY (mail, generation)
) WITHOUT ROWID;

-- What lists show of a mail, from its newest decision.
CREATE TABLE summaries (
  mail        INTEGER PRIMARY KEY REFERENCES mails (seq),
  generation  INTEGER NOT NULL,
  route       TEXT NOT NULL,
  decided     TEXT NOT NULL,
  confidence  REAL NOT NULL,
  urgent      INTEGER NOT NULL,
  unconfirmed INTEGER NOT NULL,
  subject     TEXT NOT NULL,
  from_addr   TEXT NOT NULL,
  language    TEXT NOT NULL,
  kind        TEXT NOT NULL
);
CREATE INDEX summaries_route ON summaries (route, mail);

CREATE TABLE threads (
  id   TEXT PRIMARY KEY,
  body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE links (                      -- hash of a Message-ID -> thread
  key    BLOB PRIMARY KEY,
  thread TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE subjects (                   -- hash of a subject key -> newest thread with it
  key    BLOB PRIMARY KEY,
  thread TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE senders (
  key  TEXT PRIMARY KEY,
  body BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE inbox (
  id           INTEGER PRIMARY KEY,
  destination  TEXT NOT NULL,
  mail         INTEGER NOT NULL REFERENCES mails (seq),
  generation   INTEGER NOT NULL,
  route        TEXT NOT NULL,
  delivered_at REAL NOT NULL,
  from_addr    TEXT NOT NULL,
  subject      TEXT NOT NULL,
  confidence   REAL NOT NULL,
  urgent       INTEGER NOT NULL,
  unconfirmed  INTEGER NOT NULL,
  read_at      REAL,
  stamp        BLOB NOT NULL,             -- our header lines above the raw bytes; or, when whole, all of it, compressed
  whole        INTEGER NOT NULL,
  UNIQUE (mail, destination)
);
CREATE INDEX inbox_destination ON inbox (destination, id);
CREATE INDEX inbox_unread ON inbox (destination, id) WHERE read_at IS NULL;
CREATE INDEX inbox_unread_any ON inbox (id) WHERE read_at IS NULL;

-- What people did to jobs by hand.
CREATE TABLE actions (
  id     INTEGER PRIMARY KEY,
  at     REAL NOT NULL,
  verb   TEXT NOT NULL,
  job    INTEGER NOT NULL,
  reason TEXT NOT NULL,
  before TEXT NOT NULL                    -- state, why and error it had
);
CREATE INDEX actions_job ON actions (job);

-- Sums that would cost a scan.
CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  n    INTEGER NOT NULL
) WITHOUT ROWID;
