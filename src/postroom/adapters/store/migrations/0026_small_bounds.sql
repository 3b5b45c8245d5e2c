-- A notice that a process took and did not settle is due again when its lease is over. Those of before nobody knows of: they stay untold.
UPDATE notices SET state = 'not', said = 'postroom ended while this was to be told' WHERE state = 'taken';
DROP INDEX notices_due;
CREATE INDEX notices_due ON notices (due_at) WHERE state IN ('waiting', 'taken');

-- How much is kept of the answers to one caller, who can't fill the disk with them. Each counts for its row, too.
ALTER TABLE answers ADD COLUMN owner BLOB NOT NULL DEFAULT x'';
CREATE TABLE answer_sizes (
  owner BLOB PRIMARY KEY,                 -- SHA-256 of the caller's key
  bytes INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER answer_begun AFTER INSERT ON answers BEGIN
  INSERT INTO answer_sizes (owner, bytes) VALUES (NEW.owner, length(NEW.body) + 256)
  ON CONFLICT (owner) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER answer_given AFTER UPDATE OF body ON answers BEGIN
  UPDATE answer_sizes SET bytes = bytes + length(NEW.body) - length(OLD.body) WHERE owner = NEW.owner;
END;
CREATE TRIGGER answer_gone AFTER DELETE ON answers BEGIN
  UPDATE answer_sizes SET bytes = bytes - length(OLD.body) - 256 WHERE owner = OLD.owner;
  DELETE FROM answer_sizes WHERE owner = OLD.owner AND bytes <= 0;
END;

-- A mail that lies at two desks is to be answered by each, in its own time. One that was answered where it lay before is answered.
CREATE TABLE targets_before AS SELECT * FROM targets;
DROP TRIGGER target_judged;
DROP TRIGGER target_moved;
DROP TRIGGER target_of_case;
DROP TABLE targets;
CREATE TABLE targets (
  mail       INTEGER NOT NULL REFERENCES mails (seq),
  route      TEXT NOT NULL,
  brand      TEXT NOT NULL,
  rule       TEXT NOT NULL DEFAULT '',    -- version of what `due` was reckoned with; '' before it was
  near       REAL,                        -- from then on it is due soon
  due        REAL,                        -- NULL: not reckoned yet, or there is none
  stopped_at REAL,                        -- when it was answered, or needed no answer
  how        TEXT NOT NULL DEFAULT '' CHECK (how IN ('', 'answered', 'elsewhere', 'needless')),
  who        TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (mail, route)
) WITHOUT ROWID;
INSERT INTO targets SELECT mail, route, brand, rule, near, due, stopped_at, how, who FROM targets_before ORDER BY mail;
DROP TABLE targets_before;
CREATE INDEX targets_open ON targets (due, mail, route, brand) WHERE stopped_at IS NULL AND due IS NOT NULL;
CREATE INDEX targets_desk ON targets (route, due, mail, brand) WHERE stopped_at IS NULL AND due IS NOT NULL;
CREATE INDEX targets_told ON targets (route, brand, due, stopped_at, how);
CREATE INDEX targets_rule ON targets (rule) WHERE stopped_at IS NULL OR rule = '';
INSERT OR IGNORE INTO targets (mail, route, brand)
SELECT s.mail, s.copy, s.brand FROM summaries AS s WHERE s.copy <> '' AND s.copy IN (SELECT route FROM target_routes)
AND NOT EXISTS (SELECT 1 FROM targets AS t WHERE t.mail = s.mail AND t.stopped_at IS NOT NULL);
CREATE TRIGGER target_judged AFTER INSERT ON summaries
WHEN EXISTS (SELECT 1 FROM target_routes WHERE route IN (NEW.route, NEW.copy)) BEGIN
  INSERT OR IGNORE INTO targets (mail, route, brand)
  SELECT NEW.mail, route, NEW.brand FROM target_routes WHERE route IN (NEW.route, NEW.copy);
END;
CREATE TRIGGER target_moved AFTER UPDATE OF generation ON summaries
WHEN EXISTS (SELECT 1 FROM target_routes WHERE route IN (NEW.route, NEW.copy, OLD.route, OLD.copy)) BEGIN
  DELETE FROM targets WHERE mail = NEW.mail AND stopped_at IS NULL;
  INSERT OR IGNORE INTO targets (mail, route, brand)
  SELECT NEW.mail, route, NEW.brand FROM target_routes WHERE route IN (NEW.route, NEW.copy)
  AND NOT EXISTS (SELECT 1 FROM targets WHERE mail = NEW.mail AND route NOT IN (NEW.route, NEW.copy));
END;
CREATE TRIGGER target_of_case AFTER INSERT ON case_events WHEN NEW.what IN ('asked', 'answered', 'decided') BEGIN
  UPDATE targets SET stopped_at = NEW.at, how = 'answered', who = NEW.who
  WHERE stopped_at IS NULL AND mail IN (SELECT mail FROM case_mails WHERE number = NEW.number)
  AND route = (SELECT route FROM cases WHERE number = NEW.number);
END;
