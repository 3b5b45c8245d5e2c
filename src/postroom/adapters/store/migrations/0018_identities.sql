-- Accounts elsewhere that sign somebody in (OpenID Connect).
CREATE TABLE identities (
  issuer    TEXT NOT NULL,
  subject   TEXT NOT NULL,
  user      TEXT NOT NULL REFERENCES users (key),
  email     TEXT NOT NULL,
  linked_at REAL NOT NULL,
  PRIMARY KEY (issuer, subject)
) WITHOUT ROWID;
CREATE UNIQUE INDEX identities_user ON identities (user, issuer);
