-- Labelled mail to learn from.
CREATE TABLE examples (
  seq   INTEGER PRIMARY KEY,
  id    TEXT NOT NULL UNIQUE,
  at    REAL NOT NULL,
  route TEXT NOT NULL,
  body  BLOB NOT NULL                     -- model/codec.py
);
CREATE INDEX examples_order ON examples (at, id);
CREATE INDEX examples_route ON examples (route);
