-- Desks whose mail is acknowledged, and whose decisions are told by mail; how long that waits, seconds.
CREATE TABLE notice_routes (
  route TEXT NOT NULL,
  kind  TEXT NOT NULL CHECK (kind IN ('received', 'outcome')),
  wait  REAL NOT NULL,
  PRIMARY KEY (route, kind)
) WITHOUT ROWID;
-- What is to be told of which mail, or of which decision of a case. Told once at most: who takes one and dies tells nobody.
CREATE TABLE notices (
  number         INTEGER PRIMARY KEY,
  kind           TEXT NOT NULL CHECK (kind IN ('received', 'outcome')),
  mail           INTEGER NOT NULL REFERENCES mails (seq),
  number_of_case INTEGER NOT NULL DEFAULT 0,
  at             REAL NOT NULL,
  due_at         REAL NOT NULL,
  state          TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'taken', 'sent', 'not')),
  said           TEXT NOT NULL DEFAULT ''      -- why it was not sent
);
CREATE UNIQUE INDEX notices_once ON notices (mail) WHERE kind = 'received';
CREATE INDEX notices_mail ON notices (mail);
CREATE INDEX notices_due ON notices (due_at) WHERE state = 'waiting';
CREATE INDEX replies_automatic ON replies (at, recipient) WHERE automatic = 1;
CREATE TRIGGER notice_received AFTER INSERT ON summaries WHEN NEW.urgent = 0 BEGIN
  INSERT OR IGNORE INTO notices (kind, mail, at, due_at)
  SELECT 'received', d.mail, d.decided_at, d.decided_at + r.wait
  FROM notice_routes AS r JOIN decisions AS d ON d.mail = NEW.mail AND d.generation = NEW.generation
  WHERE r.route = NEW.route AND r.kind = 'received';
END;
CREATE TRIGGER notice_received_later AFTER UPDATE OF generation ON summaries WHEN NEW.urgent = 0 AND NEW.route <> OLD.route BEGIN
  INSERT OR IGNORE INTO notices (kind, mail, at, due_at)
  SELECT 'received', d.mail, d.decided_at, d.decided_at + r.wait
  FROM notice_routes AS r JOIN decisions AS d ON d.mail = NEW.mail AND d.generation = NEW.generation
  WHERE r.route = NEW.route AND r.kind = 'received';
END;
CREATE TRIGGER notice_of_outcome AFTER INSERT ON case_events WHEN NEW.what = 'decided' BEGIN
  INSERT INTO notices (kind, mail, number_of_case, at, due_at)
  SELECT 'outcome', max(m.mail), NEW.number, NEW.at, NEW.at + r.wait
  FROM cases AS c JOIN notice_routes AS r ON r.route = c.route AND r.kind = 'outcome' JOIN case_mails AS m ON m.number = c.number
  WHERE c.number = NEW.number HAVING max(m.mail) IS NOT NULL;
END;
