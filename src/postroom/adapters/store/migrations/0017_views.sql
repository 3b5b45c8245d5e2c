-- Searches that people have saved under a name.
CREATE TABLE saved_views (
  number INTEGER PRIMARY KEY AUTOINCREMENT, -- addresses that people have kept never lead to another view
  owner  TEXT NOT NULL REFERENCES users (key),
  name   TEXT NOT NULL,
  asked  TEXT NOT NULL,                   -- JSON object: field of the search -> what is asked for
  shared INTEGER NOT NULL,                -- all who may see its desk and brand have it
  place  INTEGER NOT NULL                 -- lists are in this order
);
CREATE INDEX saved_views_owner ON saved_views (owner);
CREATE INDEX saved_views_shared ON saved_views (place) WHERE shared;

-- The view that somebody begins with.
CREATE TABLE first_views (
  user TEXT PRIMARY KEY REFERENCES users (key),
  view INTEGER NOT NULL REFERENCES saved_views (number) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX first_views_view ON first_views (view);

-- Whoever may not sign in any more leaves nothing behind that only they could see.
CREATE TRIGGER saved_views_go AFTER UPDATE OF disabled ON users WHEN NEW.disabled BEGIN
  DELETE FROM first_views WHERE user = NEW.key;
  DELETE FROM saved_views WHERE owner = NEW.key AND NOT shared;
END;
