-- Rules tried on the mail of the past: what was asked for, how far it is, and what it came to.
CREATE TABLE backtests (
  number     INTEGER PRIMARY KEY,
  state      TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled', 'lost')),
  asked      BLOB NOT NULL,               -- model/codec.py
  done       INTEGER NOT NULL DEFAULT 0,  -- mails judged so far
  total      INTEGER NOT NULL DEFAULT 0,
  started_at REAL,
  ended_at   REAL,
  error      TEXT NOT NULL DEFAULT '',
  report     BLOB                         -- model/codec.py
);
-- One at a time.
CREATE UNIQUE INDEX backtests_open ON backtests ((1)) WHERE state IN ('waiting', 'running');

-- Mails that the tried rules would treat otherwise, newest first: ids, and names that the team gave its rules.
CREATE TABLE backtest_changes (
  test      INTEGER NOT NULL REFERENCES backtests (number) ON DELETE CASCADE,
  place     INTEGER NOT NULL,
  mail      INTEGER NOT NULL REFERENCES mails (seq),
  source    TEXT NOT NULL,                -- where it goes by the rules in force
  target    TEXT NOT NULL,                -- and by those that were tried
  word      TEXT NOT NULL,
  corrected INTEGER NOT NULL,
  urgent    INTEGER NOT NULL,             -- a signal is lost or gained
  body      BLOB NOT NULL,                -- model/codec.py
  PRIMARY KEY (test, place)
) WITHOUT ROWID;
CREATE INDEX backtest_changes_mail ON backtest_changes (mail);
