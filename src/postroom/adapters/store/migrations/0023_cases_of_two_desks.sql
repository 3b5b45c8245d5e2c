-- A mail that lies at two desks belongs to a case of each; to one case a desk at most.
CREATE TABLE case_mails_before AS SELECT mail, number, thread FROM case_mails;
DROP TABLE case_mails;
CREATE TABLE case_mails (
  mail   INTEGER NOT NULL REFERENCES mails (seq),
  number INTEGER NOT NULL REFERENCES cases (number),
  thread TEXT NOT NULL,
  PRIMARY KEY (mail, number)
) WITHOUT ROWID;
CREATE INDEX case_mails_number ON case_mails (number, mail);
INSERT INTO case_mails (mail, number, thread) SELECT mail, number, thread FROM case_mails_before ORDER BY mail;
DROP TABLE case_mails_before;
INSERT OR IGNORE INTO case_due (mail, mark)
SELECT s.mail, s.generation FROM summaries AS s
WHERE s.copy <> '' AND s.copy IN (SELECT route FROM case_routes) AND s.route IN (SELECT route FROM case_routes);
-- What was said in a case was said to all mails of it, as its desk has them.
DROP TRIGGER target_of_case;
CREATE TRIGGER target_of_case AFTER INSERT ON case_events WHEN NEW.what IN ('asked', 'answered', 'decided') BEGIN
  UPDATE targets SET stopped_at = NEW.at, how = 'answered', who = NEW.who
  WHERE stopped_at IS NULL AND mail IN (SELECT mail FROM case_mails WHERE number = NEW.number)
  AND route = (SELECT route FROM cases WHERE number = NEW.number);
END;
