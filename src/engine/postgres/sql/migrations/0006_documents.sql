-- What a fleet keeps beside its jobs: small values with a revision, on the default queue.

-- Not the counter of jobs, whose numbers say that jobs were changed.
CREATE SEQUENCE document_revisions;

CREATE TABLE documents (
  key text COLLATE "C" PRIMARY KEY,  -- in the order of their bytes, as on Redis
  value text NOT NULL,               -- JSON
  revision bigint NOT NULL,
  expires_at bigint,                 -- from then on it is not there
  stays boolean NOT NULL,            -- it does not move with the state
  token text NOT NULL                -- of the call that wrote it
);

CREATE INDEX documents_expiry ON documents (expires_at) WHERE expires_at IS NOT NULL;
