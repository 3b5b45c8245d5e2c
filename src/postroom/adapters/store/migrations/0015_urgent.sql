-- Urgent mail from when it was judged so: nobody has it, then somebody does.
CREATE TABLE alarms (
  mail     INTEGER PRIMARY KEY REFERENCES mails (seq),
  version  INTEGER NOT NULL DEFAULT 0,    -- grows with every change
  since    REAL NOT NULL,                 -- nobody has had it since then
  holder   TEXT NOT NULL DEFAULT '',      -- who has it; '' for nobody
  taken_at REAL,
  offered  TEXT NOT NULL DEFAULT '',      -- whom the holder asks to take it over
  note     TEXT NOT NULL DEFAULT '',
  repeats  INTEGER NOT NULL DEFAULT 0,    -- how often it was told again
  told_at  REAL NOT NULL                  -- when it was told last
);
CREATE INDEX alarms_waiting ON alarms (since, mail) WHERE holder = '';
CREATE INDEX alarms_told ON alarms (told_at) WHERE holder = '';
CREATE INDEX alarms_held ON alarms (taken_at, mail) WHERE holder <> '';
CREATE INDEX alarms_offered ON alarms (offered, mail) WHERE offered <> '';
CREATE TRIGGER alarm_raised AFTER INSERT ON summaries WHEN NEW.urgent = 1 BEGIN
  INSERT OR IGNORE INTO alarms (mail, since, told_at)
  SELECT mail, decided_at, decided_at FROM decisions WHERE mail = NEW.mail AND generation = NEW.generation;
END;
CREATE TRIGGER alarm_raised_later AFTER UPDATE OF urgent ON summaries WHEN NEW.urgent = 1 AND OLD.urgent = 0 BEGIN
  INSERT OR IGNORE INTO alarms (mail, since, told_at)
  SELECT mail, decided_at, decided_at FROM decisions WHERE mail = NEW.mail AND generation = NEW.generation;
END;
-- The first call is 1, as it is about generation 1.
CREATE TRIGGER alarm_repeated AFTER UPDATE OF repeats ON alarms
WHEN NEW.repeats > OLD.repeats AND EXISTS (SELECT 1 FROM hooks) BEGIN
  INSERT INTO happenings (at, what, mail, about) VALUES (NEW.told_at, 'urgent', NEW.mail, NEW.repeats + 1);
END;
CREATE TABLE alarm_events (
  id     INTEGER PRIMARY KEY,
  mail   INTEGER NOT NULL REFERENCES mails (seq),
  at     REAL NOT NULL,
  who    TEXT NOT NULL,
  what   TEXT NOT NULL,
  detail TEXT NOT NULL
);
CREATE INDEX alarm_events_mail ON alarm_events (mail);

-- When the first clock of a case that the team must keep comes near its end, and when something is to be warned of next.
ALTER TABLE cases ADD COLUMN near_at REAL NOT NULL DEFAULT 9e18;
ALTER TABLE cases ADD COLUMN warn_at REAL NOT NULL DEFAULT 9e18;
CREATE INDEX cases_near ON cases (near_at, brand, route) WHERE todo = 1;
CREATE INDEX cases_warn ON cases (warn_at) WHERE todo = 1;
-- Of what was warned, once a clock and stage: again only where it runs out at another time now.
CREATE TABLE case_warnings (
  id     INTEGER PRIMARY KEY,
  number INTEGER NOT NULL REFERENCES cases (number),
  clock  TEXT NOT NULL,
  stage  TEXT NOT NULL CHECK (stage IN ('near', 'late')),
  due    REAL NOT NULL,
  at     REAL NOT NULL
);
CREATE UNIQUE INDEX case_warnings_once ON case_warnings (number, clock, stage, due);
CREATE TRIGGER warnings_happen AFTER INSERT ON case_warnings WHEN EXISTS (SELECT 1 FROM hooks) BEGIN
  INSERT INTO happenings (at, what, mail, number_of_case, about) VALUES (NEW.at, 'deadline-near', 0, NEW.number, NEW.id);
END;

-- Desks where mail is to be answered within a time; and of each mail there until when, and when that was done.
CREATE TABLE target_routes (
  route TEXT PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE targets (
  mail       INTEGER PRIMARY KEY REFERENCES mails (seq),
  route      TEXT NOT NULL,
  brand      TEXT NOT NULL,
  rule       TEXT NOT NULL DEFAULT '',    -- version of what `due` was reckoned with; '' before it was
  near       REAL,                        -- from then on it is due soon
  due        REAL,                        -- NULL: not reckoned yet, or there is none
  stopped_at REAL,                        -- when it was answered, or needed no answer
  how        TEXT NOT NULL DEFAULT '' CHECK (how IN ('', 'answered', 'elsewhere', 'needless')),
  who        TEXT NOT NULL DEFAULT ''
);
CREATE INDEX targets_open ON targets (due, mail, route, brand) WHERE stopped_at IS NULL AND due IS NOT NULL;
CREATE INDEX targets_desk ON targets (route, due, mail, brand) WHERE stopped_at IS NULL AND due IS NOT NULL;
CREATE INDEX targets_told ON targets (route, brand, due, stopped_at, how);
CREATE INDEX targets_rule ON targets (rule) WHERE stopped_at IS NULL OR rule = '';
CREATE TRIGGER target_judged AFTER INSERT ON summaries WHEN EXISTS (SELECT 1 FROM target_routes WHERE route = NEW.route) BEGIN
  INSERT OR IGNORE INTO targets (mail, route, brand) VALUES (NEW.mail, NEW.route, NEW.brand);
END;
CREATE TRIGGER target_moved AFTER UPDATE OF generation ON summaries
WHEN EXISTS (SELECT 1 FROM target_routes WHERE route IN (NEW.route, OLD.route)) BEGIN
  DELETE FROM targets WHERE mail = NEW.mail AND stopped_at IS NULL;
  INSERT OR IGNORE INTO targets (mail, route, brand)
  SELECT NEW.mail, NEW.route, NEW.brand WHERE EXISTS (SELECT 1 FROM target_routes WHERE route = NEW.route);
END;
-- What was said in a case was said to all mails of it.
CREATE TRIGGER target_of_case AFTER INSERT ON case_events WHEN NEW.what IN ('asked', 'answered', 'decided') BEGIN
  UPDATE targets SET stopped_at = NEW.at, how = 'answered', who = NEW.who
  WHERE stopped_at IS NULL AND mail IN (SELECT mail FROM case_mails WHERE number = NEW.number);
END;
