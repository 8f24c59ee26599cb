-- What agents found on their own machines: the newest of each.

CREATE TABLE origin_facts (
  agent TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  at BIGINT NOT NULL,
  findings BIGINT NOT NULL,
  gravest TEXT NOT NULL,
  document TEXT NOT NULL
);
