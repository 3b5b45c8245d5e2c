-- One row a case: what lists need of it, and all of it but its mails (model/codec.py).
CREATE TABLE cases (
  number   INTEGER PRIMARY KEY,
  version  INTEGER NOT NULL,              -- grows with every change
  brand    TEXT NOT NULL,
  route    TEXT NOT NULL,
  person   TEXT NOT NULL,
  identity TEXT NOT NULL,
  state    TEXT NOT NULL CHECK (state IN ('open', 'waiting', 'decided')),
  todo     INTEGER NOT NULL,              -- not decided, or with a new mail
  proposed INTEGER NOT NULL,
  assignee TEXT NOT NULL,
  rank     REAL NOT NULL,                 -- lists are in this order
  clocks   TEXT NOT NULL,                 -- version of the clocks that the rank was made with
  body     BLOB NOT NULL
);
-- Brand and route stand in the indexes of lists so that what a reader may not see is passed over without being looked up.
CREATE INDEX cases_todo ON cases (rank, number, brand, route) WHERE todo = 1;
CREATE INDEX cases_desk ON cases (brand, route) WHERE todo = 1;
CREATE INDEX cases_proposed ON cases (rank, number, brand, route) WHERE proposed = 1;
CREATE INDEX cases_state ON cases (state, rank, number, brand, route);
CREATE INDEX cases_rank ON cases (rank, number, brand, route);
CREATE INDEX cases_assignee ON cases (assignee, rank, number, brand, route);
CREATE INDEX cases_person ON cases (person, number);
CREATE INDEX cases_clocks ON cases (clocks) WHERE todo = 1;

-- A mail belongs to one case at most.
CREATE TABLE case_mails (
  mail   INTEGER PRIMARY KEY REFERENCES mails (seq),
  number INTEGER NOT NULL REFERENCES cases (number),
  thread TEXT NOT NULL
);
CREATE INDEX case_mails_number ON case_mails (number, mail);

CREATE TABLE case_events (
  id     INTEGER PRIMARY KEY,
  number INTEGER NOT NULL REFERENCES cases (number),
  at     REAL NOT NULL,
  who    TEXT NOT NULL,
  what   TEXT NOT NULL,
  detail TEXT NOT NULL,
  mail   TEXT NOT NULL
);
CREATE INDEX case_events_number ON case_events (number);

-- Desks with cases; and mails that came to one of them or left it, until somebody has looked what that means for cases.
CREATE TABLE case_routes (
  route TEXT PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE case_due (
  mail  INTEGER PRIMARY KEY REFERENCES mails (seq),
  mark  INTEGER NOT NULL,                 -- generation of the decision
  tries INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX case_due_tries ON case_due (tries, mail);
CREATE TRIGGER case_judged AFTER INSERT ON summaries WHEN EXISTS (SELECT 1 FROM case_routes WHERE route = new.route) BEGIN
  INSERT INTO case_due (mail, mark) VALUES (new.mail, new.generation)
  ON CONFLICT (mail) DO UPDATE SET mark = excluded.mark, tries = 0;
END;
CREATE TRIGGER case_moved AFTER UPDATE OF generation ON summaries
WHEN EXISTS (SELECT 1 FROM case_routes WHERE route IN (new.route, old.route)) BEGIN
  INSERT INTO case_due (mail, mark) VALUES (new.mail, new.generation)
  ON CONFLICT (mail) DO UPDATE SET mark = excluded.mark, tries = 0;
END;
