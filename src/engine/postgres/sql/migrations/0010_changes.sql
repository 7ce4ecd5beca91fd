-- What was changed, by whom.

-- The fleet's changes. Those of a call that changes many jobs share a row.
CREATE TABLE changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  list text NOT NULL CHECK (list IN ('main', 'routine')),
  at bigint NOT NULL,
  bulk text UNIQUE,                  -- names the call
  entry jsonb NOT NULL
);

CREATE INDEX changes_of_list ON changes (list, id);

-- When a job got the owner that it has, and its counts by then: {"at","counts"}; null: it has had this one all the time.
ALTER TABLE jobs ADD COLUMN handed_over jsonb;

-- The changes of each job, with what they superseded. They last as long as the job's ledger.
CREATE TABLE revisions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id text NOT NULL,
  entry jsonb NOT NULL
);

CREATE INDEX revisions_of_job ON revisions (job_id, id);
