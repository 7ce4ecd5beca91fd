-- What runs store while they are executed, steps and logs; and backfills.

-- Steps that ended, with the run's sleeps and its progress; one of the same name replaces the former. Kept like rows of the
-- ledger.
CREATE TABLE steps (
  job_id text NOT NULL,
  run_id text NOT NULL,
  name text NOT NULL,
  record text NOT NULL,              -- JSON
  PRIMARY KEY (run_id, name)
);

-- Which runs have steps, so that those of old runs can be deleted.
CREATE TABLE step_runs (
  job_id text NOT NULL,
  run_id text PRIMARY KEY,
  fire_at bigint NOT NULL,
  saved_at bigint NOT NULL
);

CREATE INDEX step_runs_of_job ON step_runs (job_id, fire_at, run_id);

CREATE TABLE logs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id text NOT NULL,
  line text NOT NULL                 -- JSON
);

CREATE INDEX logs_of_run ON logs (run_id, id);

-- One row per run that has a log.
CREATE TABLE log_runs (
  job_id text NOT NULL,
  run_id text PRIMARY KEY,
  began_at bigint NOT NULL,
  bytes bigint NOT NULL              -- -1: the log was cut
);

CREATE INDEX log_runs_of_job ON log_runs (job_id, began_at, run_id);

-- The last backfill of each job: past fire times that run beside its schedule.
CREATE TABLE backfills (
  job_id text PRIMARY KEY,
  backfill_id text NOT NULL,
  state text NOT NULL CHECK (state IN ('adding', 'active', 'paused', 'finished', 'cancelled')),
  total bigint NOT NULL DEFAULT 0,
  concurrency integer NOT NULL,
  is_latest_first boolean NOT NULL,
  counts jsonb NOT NULL DEFAULT '{}',
  created_at bigint NOT NULL,
  touched_at bigint NOT NULL
);

-- Fire times that have not started; some have a queue job.
CREATE TABLE backfill_times (
  job_id text NOT NULL,
  fire_at bigint NOT NULL,
  queue_job_id text,
  PRIMARY KEY (job_id, fire_at)
);
