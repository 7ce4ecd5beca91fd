-- Jobs of which something changes by itself at an instant, such as the end of a pause or of an override.
CREATE TABLE timed_changes (
  job_id text PRIMARY KEY,
  changes_at bigint NOT NULL
);

CREATE INDEX timed_changes_in_order ON timed_changes (changes_at, job_id);
