-- What the team's files of rules, phrases and examples held, by the pages or as it was found on the disk.
CREATE TABLE versions (
  number INTEGER PRIMARY KEY,
  sheet  TEXT NOT NULL,
  how    TEXT NOT NULL,
  at     REAL NOT NULL,
  who    TEXT NOT NULL,                   -- '' for whoever can write to the disk
  why    TEXT NOT NULL,
  digest TEXT NOT NULL,                   -- '' where there is no file any more
  text   BLOB                             -- compressed; NULL where there is no file any more, or it was erased
);
CREATE INDEX versions_sheet ON versions (sheet, number);

-- Texts that somebody would like to try.
CREATE TABLE drafts (
  id    INTEGER PRIMARY KEY,
  at    REAL NOT NULL,
  who   TEXT NOT NULL,
  texts BLOB                              -- compressed; NULL when it is not kept any more
);
CREATE INDEX drafts_at ON drafts (at) WHERE texts IS NOT NULL;
