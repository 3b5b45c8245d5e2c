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
