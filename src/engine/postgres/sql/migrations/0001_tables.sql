-- The tables of one fleet, in a schema of its own. Times are epoch milliseconds of the server's clock, as everywhere
-- inside; the view `runs` shows the ledger with timestamps, for people.

-- Revisions, generations and ids of continuations: one counter, so that none is ever used twice, also by a job that
-- was removed and added again.
CREATE SEQUENCE sequence_numbers;

CREATE TABLE jobs (
  id text PRIMARY KEY,
  pipeline text NOT NULL,
  definition text NOT NULL,          -- JSON; text, because jsonb refuses some strings that JSON allows
  declared text NOT NULL,            -- digest of what the caller declared
  schedule text NOT NULL,            -- digest of the schedule's part of it
  revision bigint NOT NULL,
  generation bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('active', 'paused', 'finished')),
  watermark bigint NOT NULL,
  next_fire_at bigint,
  next_due_at bigint,
  max_instances integer NOT NULL,
  is_coalescing boolean NOT NULL,
  grace_ms bigint,                   -- null: any delay is fine
  max_catch_up integer NOT NULL,
  keep_count integer NOT NULL,
  keep_age_ms bigint NOT NULL,
  paused_at bigint,
  paused_reason text,
  finished_at bigint,
  overdue_fire_at bigint,            -- the occurrence last reported as overdue
  last_call text,                    -- the last queue job that was to take a queued occurrence
  counts jsonb NOT NULL DEFAULT '{}',
  last_run jsonb,                    -- the last finished run, in short
  last_success_at bigint,
  failures_in_a_row integer NOT NULL DEFAULT 0
) WITH (fillfactor = 70);            -- every decision updates its job: room for that beside it

CREATE INDEX jobs_next ON jobs (next_due_at, id);

-- Runs that were admitted and have no verdict. One row holds one instance.
CREATE TABLE instances (
  job_id text NOT NULL,
  queue_job_id text NOT NULL,
  run_id text NOT NULL,
  kind text NOT NULL,
  pipeline text NOT NULL,
  fire_at bigint NOT NULL,
  due_at bigint NOT NULL,
  from_at bigint NOT NULL,
  count integer NOT NULL,
  started_at bigint NOT NULL,
  attempt integer NOT NULL,
  crashes integer NOT NULL,
  worker text NOT NULL,
  take text NOT NULL,
  params text,                       -- JSON
  is_handed_back boolean NOT NULL DEFAULT false,
  PRIMARY KEY (job_id, queue_job_id)
);

-- Without `coalesce`: occurrences that were claimed and wait for an instance.
CREATE TABLE pending (
  job_id text NOT NULL,
  fire_at bigint NOT NULL,
  generation bigint NOT NULL,
  due_at bigint NOT NULL,
  PRIMARY KEY (job_id, fire_at, generation)
);

-- Runs asked for by hand that no worker has taken.
CREATE TABLE asked (
  job_id text NOT NULL,
  run_id text NOT NULL,
  fire_at bigint NOT NULL,
  params text,                       -- JSON
  PRIMARY KEY (job_id, run_id)
);

-- One row for each decision on an occurrence, or on several neighbours that share it.
CREATE TABLE ledger (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id text NOT NULL,
  run_id text NOT NULL,
  verdict text NOT NULL,
  kind text NOT NULL,
  fire_at bigint NOT NULL,           -- of a span, the latest
  due_at bigint NOT NULL,
  from_at bigint,                    -- null: a single occurrence
  count integer,                     -- null: 1
  decided_at bigint,
  started_at bigint,
  finished_at bigint,
  attempt integer,
  worker text,
  reason text,
  coalesced_into text,
  result json,                       -- json and not jsonb: kept as it was written
  error json
);

CREATE INDEX ledger_of_job ON ledger (job_id, fire_at, id);

-- How many rows each job's ledger has, and until when the ledger of a removed job is kept.
CREATE TABLE ledgers (
  job_id text PRIMARY KEY,
  row_count bigint NOT NULL DEFAULT 0,
  expires_at bigint
);

CREATE INDEX ledgers_expiry ON ledgers (expires_at) WHERE expires_at IS NOT NULL;

-- One row holds the events of one call, in order.
CREATE TABLE events (
  id bigint PRIMARY KEY,
  entry text NOT NULL                -- JSON array
);

CREATE TABLE event_log (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  last_id bigint NOT NULL DEFAULT 0,
  trimmed_to bigint NOT NULL DEFAULT 0
);

INSERT INTO event_log DEFAULT VALUES;

CREATE TABLE cursors (
  listener text PRIMARY KEY,
  cursor text NOT NULL
);

CREATE TABLE leases (
  name text PRIMARY KEY,
  owner text NOT NULL,
  ends_at bigint NOT NULL
);

CREATE TABLE workers (
  id text PRIMARY KEY,
  record jsonb NOT NULL,
  ends_at bigint NOT NULL
);

-- The ledger as people read it: docs/postgres.md.
CREATE VIEW runs AS
SELECT run_id, job_id, verdict, reason, kind,
  to_timestamp(fire_at / 1000.0) AS fire_time,
  to_timestamp(due_at / 1000.0) AS due_time,
  to_timestamp(COALESCE(from_at, fire_at) / 1000.0) AS first_fire_time,
  COALESCE(count, 1) AS occurrences,
  to_timestamp(decided_at / 1000.0) AS decided_time,
  to_timestamp(started_at / 1000.0) AS started_time,
  to_timestamp(finished_at / 1000.0) AS finished_time,
  GREATEST(0, COALESCE(started_at, decided_at) - due_at) AS lateness_ms,
  finished_at - started_at AS duration_ms,
  attempt, worker, coalesced_into, result, error
FROM ledger;
