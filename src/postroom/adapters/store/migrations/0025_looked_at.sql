-- Who is asked for no second look at a mail (any more): they were asked, or have seen what came of it.
CREATE TABLE second_look_readers (
  mail INTEGER NOT NULL REFERENCES mails (seq),
  who  TEXT NOT NULL COLLATE NOCASE,
  PRIMARY KEY (mail, who)
) WITHOUT ROWID;
CREATE INDEX second_looks_holder ON second_looks (holder) WHERE holder <> '';

-- Best guess of the decision judged: whose day's work it counts to. Verdicts of before have none.
ALTER TABLE verdicts ADD COLUMN decided TEXT NOT NULL DEFAULT '';
