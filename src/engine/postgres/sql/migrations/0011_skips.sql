-- Fire times at which jobs are not to run, because somebody asked for that.
CREATE TABLE skips (
  job_id text NOT NULL,
  fire_at bigint NOT NULL,
  due_at bigint NOT NULL,
  reason text,
  requested_by jsonb NOT NULL,       -- who asked for it
  asked_at bigint NOT NULL,
  PRIMARY KEY (job_id, fire_at)
);

-- The first of a job's skips; null: it has none, and nobody looks for them.
ALTER TABLE jobs ADD COLUMN skip_at bigint;

-- When a pause ends by itself; null: when somebody resumes the job.
ALTER TABLE jobs ADD COLUMN paused_until bigint;

-- What whoever asked for a decision wrote.
ALTER TABLE ledger ADD COLUMN note text;
