-- Each mail that is erased takes these along: without an index all of them would be looked through, while nobody else may write.
CREATE INDEX links_thread ON links (thread);
CREATE INDEX subjects_thread ON subjects (thread);
CREATE INDEX case_events_mail ON case_events (mail) WHERE mail <> '';

-- The log of one webhook, newest first.
CREATE INDEX calls_log ON calls (hook, id);
