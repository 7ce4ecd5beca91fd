-- Several queues: each has all tables in a schema of its own. The default queue's schema also knows the others.

CREATE TABLE queues (
  name text PRIMARY KEY
);

-- Where the jobs are that are not on the default queue. One without a job is left by a crash, and taken away by the next
-- one who wants the id.
CREATE TABLE homes (
  job_id text PRIMARY KEY,
  queue text NOT NULL,
  claim bigint NOT NULL              -- grows with every claim
);

-- On a queue beside the default one: up to which claim no job may be stored any more.
CREATE TABLE fence (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  claim bigint NOT NULL DEFAULT 0
);

INSERT INTO fence DEFAULT VALUES;
