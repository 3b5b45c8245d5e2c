-- Calls of the API by their idempotency keys: what was answered is answered again.
CREATE TABLE answers (
  key    BLOB PRIMARY KEY,                -- SHA-256 over the caller's key and the idempotency key
  digest BLOB NOT NULL,                   -- SHA-256 over the request
  at     REAL NOT NULL,
  status INTEGER NOT NULL,                -- 0: under way
  body   BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX answers_at ON answers (at);

-- Outgoing webhooks that are set up. While there is none, nothing is noted.
CREATE TABLE hooks (
  name TEXT PRIMARY KEY
) WITHOUT ROWID;

-- What hooks may be told of, until it is spread to their calls.
CREATE TABLE happenings (
  number INTEGER PRIMARY KEY,
  at     REAL NOT NULL,
  what   TEXT NOT NULL,
  mail   INTEGER NOT NULL,                -- 0 for what happened to a case
  number_of_case INTEGER NOT NULL DEFAULT 0,
  about  INTEGER NOT NULL                 -- generation of a decision, number of a verdict, id of an event of a case
);
CREATE TRIGGER decisions_happen AFTER INSERT ON decisions WHEN EXISTS (SELECT 1 FROM hooks) BEGIN
  INSERT INTO happenings (at, what, mail, about) VALUES (NEW.decided_at, 'routed', NEW.mail, NEW.generation);
END;
CREATE TRIGGER verdicts_happen AFTER INSERT ON verdicts WHEN EXISTS (SELECT 1 FROM hooks) BEGIN
  INSERT INTO happenings (at, what, mail, about) VALUES (NEW.at, 'verdict', NEW.mail, NEW.number);
END;
CREATE TRIGGER cases_happen AFTER INSERT ON case_events
WHEN NEW.what IN ('opened', 'decided') AND EXISTS (SELECT 1 FROM hooks) BEGIN
  INSERT INTO happenings (at, what, mail, number_of_case, about) VALUES (NEW.at, 'case-' || NEW.what, 0, NEW.number, NEW.id);
END;

-- One row an event and hook: nothing of the mail or case but which it is.
CREATE TABLE calls (
  id         INTEGER PRIMARY KEY,
  hook       TEXT NOT NULL,
  event      TEXT NOT NULL,
  mail       INTEGER NOT NULL,            -- 0 for what happened to a case
  number_of_case INTEGER NOT NULL DEFAULT 0,
  about      INTEGER NOT NULL,
  at         REAL NOT NULL,               -- when it happened
  state      TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'given-up')),
  due_at     REAL NOT NULL DEFAULT 0,     -- while it is being made: when it may be taken again
  tries      INTEGER NOT NULL DEFAULT 0,
  since      REAL NOT NULL,               -- when it was put or replayed
  settled_at REAL
);
CREATE UNIQUE INDEX calls_identity ON calls (mail, number_of_case, event, about, hook);
CREATE INDEX calls_due ON calls (hook, due_at, id) WHERE state = 'waiting';
CREATE INDEX calls_hook ON calls (hook, state, id);
CREATE INDEX calls_settled ON calls (settled_at) WHERE state <> 'waiting';
CREATE TABLE attempts (
  id   INTEGER PRIMARY KEY,
  call INTEGER NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  at   REAL NOT NULL,
  said TEXT NOT NULL                      -- the other side's answer, or why there was none
);
CREATE INDEX attempts_call ON attempts (call);
