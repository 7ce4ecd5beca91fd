-- When manual runs were asked for, by the numbers of the requests: one that is repeated finds the run that it made.
CREATE TABLE asked_runs (
  job_id text NOT NULL,
  number bigint NOT NULL,
  fire_at bigint NOT NULL,
  PRIMARY KEY (job_id, number)
);

CREATE INDEX asked_runs_by_age ON asked_runs (fire_at);
