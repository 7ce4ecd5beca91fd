-- The tables of one fleet, in a schema of its own. Times are epoch milliseconds of the server's clock, as everywhere
-- inside; the view `runs` shows the ledger with timestamps, for people.

-- Revisions, generations and ids of wakeups share one counter, so that no number is ever used twice, not even by a job that was
-- removed and added again.
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
  condition jsonb,                   -- compiled; null: none
  wait_ms bigint,                    -- how long a run waits for its condition; null: not at all
  overlap text NOT NULL,
  group_key text,
  group_limit integer,
  pause_after integer,               -- failed runs in a row that pause the job
  keep_count integer NOT NULL,
  keep_age_ms bigint NOT NULL,
  paused_at bigint,
  paused_reason text,
  finished_at bigint,
  overdue_fire_at bigint,            -- the occurrence last reported as overdue
  wakeup_id text,                    -- the wakeup at an instant, and that instant
  wakeup_at bigint,
  counts jsonb NOT NULL DEFAULT '{}',
  last_run jsonb,                    -- the last finished run, in short
  last_scheduled_run jsonb,          -- without its result; only while `last_run` is another
  last_success_at bigint,
  success_streak integer NOT NULL DEFAULT 0,
  failures_in_a_row integer NOT NULL DEFAULT 0
) WITH (fillfactor = 70);            -- every decision updates its job: leaves room for that

CREATE INDEX jobs_next ON jobs (next_due_at, id);

-- Admitted, and without a verdict. One row holds one instance.
CREATE TABLE running_runs (
  job_id text NOT NULL,
  queue_job_id text NOT NULL,
  run_id text NOT NULL,
  kind text NOT NULL,
  pipeline text NOT NULL,
  fire_at bigint NOT NULL,
  due_at bigint NOT NULL,
  from_at bigint NOT NULL,
  count integer NOT NULL,
  started_at bigint NOT NULL,        -- of this start
  attempt_at bigint NOT NULL,        -- of this attempt; a start after a sleep continues it
  start integer NOT NULL,            -- counts starts: a worker with a lower number has lost the run
  attempt integer NOT NULL,
  failures integer NOT NULL,         -- attempts that failed and were retried
  crashes integer NOT NULL,
  worker text NOT NULL,
  take text NOT NULL,
  params text,                       -- JSON
  group_key text,                    -- the job's when the run started
  is_handed_back boolean NOT NULL DEFAULT false,
  is_alive boolean NOT NULL DEFAULT false, -- the worker of this start lost its lock, but lives
  crashed jsonb NOT NULL DEFAULT '{}', -- the starts that count as crashes, with their workers
  suspended text CHECK (suspended IN ('retry', 'sleep')),
  resume_at bigint,                  -- when a suspended run continues
  error text,                        -- JSON; of the attempt before a retry
  cancel_reason text,                -- it is to be cancelled
  PRIMARY KEY (job_id, queue_job_id)
);

CREATE INDEX running_runs_of_group ON running_runs (group_key) WHERE group_key IS NOT NULL;

-- Waiting for an instance, for their condition, or for room in their group.
CREATE TABLE queued_runs (
  job_id text NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  fire_at bigint NOT NULL,
  due_at bigint NOT NULL,
  from_at bigint NOT NULL,           -- first occurrence that the run stands for; all but the latest have their verdict
  count integer NOT NULL,
  params text,                       -- JSON
  ignore_condition boolean NOT NULL DEFAULT false,
  wait_until bigint,                 -- null: it does not wait for its condition
  PRIMARY KEY (job_id, run_id)
);

CREATE INDEX queued_runs_in_order ON queued_runs (job_id, fire_at, run_id);

-- Queue jobs that make a worker look at a job's queued runs, until it acknowledges them. Rows are only added and deleted: steps
-- on other jobs add them too, and must not wait for each other.
CREATE TABLE wakeups (
  queue_job_id text PRIMARY KEY,
  job_id text NOT NULL
);

CREATE INDEX wakeups_of_job ON wakeups (job_id);

-- Which jobs a waiting condition names. The steps of both jobs lock these rows.
CREATE TABLE deps (
  referenced text NOT NULL,
  dependent text NOT NULL,
  PRIMARY KEY (referenced, dependent)
);

CREATE INDEX deps_of_dependent ON deps (dependent);

-- Jobs with queued runs that wait for room in their group, in the order of their turns.
CREATE TABLE group_line (
  group_key text NOT NULL,
  job_id text NOT NULL,
  is_backfill boolean NOT NULL DEFAULT false,
  turn bigint NOT NULL,
  PRIMARY KEY (group_key, job_id, is_backfill)
);

CREATE INDEX group_line_of_job ON group_line (job_id);

-- Manual runs that no worker has taken.
CREATE TABLE run_requests (
  job_id text NOT NULL,
  run_id text NOT NULL,
  fire_at bigint NOT NULL,
  params text,                       -- JSON
  ignore_condition boolean NOT NULL DEFAULT false,
  PRIMARY KEY (job_id, run_id)
);

-- One row per decision, on an occurrence or on neighbours that share it.
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
  facts jsonb,                       -- what a condition asked, if it decided
  result json,                       -- json and not jsonb: kept as it was written
  error json
);

CREATE INDEX ledger_of_job ON ledger (job_id, fire_at, id);

-- The size of each job's ledger, and until when that of a removed job is kept.
CREATE TABLE ledgers (
  job_id text PRIMARY KEY,
  row_count bigint NOT NULL DEFAULT 0,
  expires_at bigint
);

CREATE INDEX ledgers_expiry ON ledgers (expires_at) WHERE expires_at IS NOT NULL;

-- One row per call, with its events in order.
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
  attempt, worker, coalesced_into, facts, result, error
FROM ledger;
