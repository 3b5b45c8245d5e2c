-- Who may see a question is told by the index of their order: to count them, and to take the next one, no mail is looked up.
ALTER TABLE waiting ADD COLUMN brand TEXT NOT NULL DEFAULT '';
ALTER TABLE waiting ADD COLUMN route TEXT NOT NULL DEFAULT '';
ALTER TABLE waiting ADD COLUMN decided TEXT NOT NULL DEFAULT '';
UPDATE waiting SET (brand, route, decided) = (SELECT s.brand, s.route, s.decided FROM summaries AS s WHERE s.mail = waiting.mail);
DROP INDEX waiting_turn;
CREATE INDEX waiting_turn ON waiting (urgent DESC, asked DESC, due_at, mail, route, decided, brand);
