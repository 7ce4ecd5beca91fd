-- Several queues: each has all tables in a schema of its own. The default queue's schema also lists the others.

CREATE TABLE queues (
  name text PRIMARY KEY
);

-- Where the jobs are that are not on the default queue. A row without a job was left by a crash; the next claim of the id
-- replaces it.
CREATE TABLE homes (
  job_id text PRIMARY KEY,
  queue text NOT NULL,
  claim bigint NOT NULL              -- grows with every claim
);

-- On every queue but the default one: up to which claim no job may be stored any more.
CREATE TABLE fence (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  claim bigint NOT NULL DEFAULT 0
);

INSERT INTO fence DEFAULT VALUES;
