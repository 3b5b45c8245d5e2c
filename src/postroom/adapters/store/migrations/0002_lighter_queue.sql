-- Who is being judged is known from the claims, and who comes first from the order of ids: only jobs that were put off, or
-- are tried alone, need an index of their threads and senders. Most mails never enter it.
DROP INDEX jobs_thread;
DROP INDEX jobs_sender;
ALTER TABLE jobs DROP COLUMN open;
CREATE INDEX jobs_late_thread ON jobs (thread, id) WHERE (due_at > 0 OR solo = 1) AND state = 'ready' AND thread IS NOT NULL;
CREATE INDEX jobs_late_sender ON jobs (sender, id) WHERE (due_at > 0 OR solo = 1) AND state = 'ready' AND sender IS NOT NULL;
