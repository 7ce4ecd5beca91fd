-- What the rows of the ledger come to, which is kept longer than the rows: by day of each job, by hour of the queue.

-- What each row adds. Steps only append here: a row that all of them had to change would make them wait for each other. The
-- reconciler folds these into the tables below.
CREATE TABLE roll_up_deltas (
  job_id text NOT NULL,
  decided_at bigint NOT NULL,
  mark text COLLATE "C" NOT NULL,    -- outcome and buckets: src/jobs/marks.ts
  count bigint NOT NULL,
  lateness_ms bigint,
  duration_ms bigint
);

CREATE TABLE job_days (
  day bigint NOT NULL,               -- days since 1970
  job_id text NOT NULL,
  mark text COLLATE "C" NOT NULL,
  count bigint NOT NULL,
  lateness_ms bigint,                -- the greatest
  duration_ms bigint,
  PRIMARY KEY (day, job_id, mark)
);

CREATE TABLE queue_hours (
  hour bigint NOT NULL,              -- hours since 1970
  mark text COLLATE "C" NOT NULL,
  count bigint NOT NULL,
  lateness_ms bigint,
  duration_ms bigint,
  PRIMARY KEY (hour, mark)
);
