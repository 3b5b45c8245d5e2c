-- A notice that a process took and did not settle is due again when its lease is over. Those of before nobody knows of: they stay untold.
UPDATE notices SET state = 'not', said = 'postroom ended while this was to be told' WHERE state = 'taken';
DROP INDEX notices_due;
CREATE INDEX notices_due ON notices (due_at) WHERE state IN ('waiting', 'taken');
