-- In which order questions are asked: `urgent` first, then by the review clock, which an audit has not.
ALTER TABLE waiting ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE waiting ADD COLUMN due_at REAL NOT NULL DEFAULT 9e18;
UPDATE waiting SET urgent = (SELECT s.urgent FROM summaries AS s WHERE s.mail = waiting.mail),
  due_at = coalesce((SELECT min(j.due_at) FROM jobs AS j WHERE j.mail = waiting.mail AND j.kind = 'clock' AND j.destination = ''
    AND j.generation = waiting.generation), 9e18);
CREATE INDEX waiting_turn ON waiting (urgent DESC, asked DESC, due_at);

-- Who has a question in hand, and until when (wall clock). It ends with the question.
CREATE TABLE turns (
  mail     INTEGER PRIMARY KEY REFERENCES waiting (mail) ON DELETE CASCADE,
  holder   TEXT NOT NULL,
  taken_at REAL NOT NULL,
  until    REAL NOT NULL
);
CREATE INDEX turns_holder ON turns (holder);
