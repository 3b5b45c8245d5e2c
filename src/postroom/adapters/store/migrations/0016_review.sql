-- The desk where a linked copy of a mail lies; '' for none.
ALTER TABLE summaries ADD COLUMN copy TEXT NOT NULL DEFAULT '';
CREATE INDEX summaries_copy ON summaries (copy, brand) WHERE copy <> '';

-- A mail that is split has its case at whichever of its two desks has cases.
DROP TRIGGER case_judged;
DROP TRIGGER case_moved;
CREATE TRIGGER case_judged AFTER INSERT ON summaries WHEN EXISTS (SELECT 1 FROM case_routes WHERE route IN (new.route, new.copy)) BEGIN
  INSERT INTO case_due (mail, mark) VALUES (new.mail, new.generation)
  ON CONFLICT (mail) DO UPDATE SET mark = excluded.mark, tries = 0;
END;
CREATE TRIGGER case_moved AFTER UPDATE OF generation ON summaries
WHEN EXISTS (SELECT 1 FROM case_routes WHERE route IN (new.route, new.copy, old.route, old.copy)) BEGIN
  INSERT INTO case_due (mail, mark) VALUES (new.mail, new.generation)
  ON CONFLICT (mail) DO UPDATE SET mark = excluded.mark, tries = 0;
END;

-- Who answered when, for the day's work. Verdicts of before have neither.
ALTER TABLE verdicts ADD COLUMN who TEXT NOT NULL DEFAULT '';
ALTER TABLE verdicts ADD COLUMN asked TEXT NOT NULL DEFAULT '';
CREATE INDEX verdicts_at ON verdicts (at);

-- What a second reviewer is shown, and what came of it. Where a mail belongs is a route, or two with + between.
CREATE TABLE second_looks (
  mail        INTEGER PRIMARY KEY REFERENCES mails (seq),
  generation  INTEGER NOT NULL,           -- of the decision that both are asked about
  brand       TEXT NOT NULL,
  decided     TEXT NOT NULL,              -- its best guess
  verdict     INTEGER NOT NULL,           -- number of the first verdict
  first       TEXT NOT NULL,
  first_said  TEXT NOT NULL,
  opened_at   REAL NOT NULL,
  second      TEXT NOT NULL DEFAULT '',
  second_said TEXT NOT NULL DEFAULT '',
  answered_at REAL,
  settled_by  TEXT NOT NULL DEFAULT '',
  settled     TEXT NOT NULL DEFAULT '',
  settled_at  REAL,
  settling    INTEGER,                    -- number of the verdict that settled it
  holder      TEXT NOT NULL DEFAULT '',   -- in whose hands it is, and until when (wall clock)
  taken_at    REAL NOT NULL DEFAULT 0,
  until       REAL NOT NULL DEFAULT 0
);
CREATE INDEX second_looks_open ON second_looks (opened_at) WHERE second = '';
CREATE INDEX second_looks_answered ON second_looks (answered_at) WHERE second <> '';
CREATE INDEX second_looks_differ ON second_looks (answered_at) WHERE second <> '' AND second_said <> first_said AND settled_at IS NULL;
