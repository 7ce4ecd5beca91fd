-- Lists of jobs by many filters. What no run changes is in a table of its own, so that its indexes cost runs nothing: every
-- decision writes a new version of its row of `jobs`, and each index of that table then gets an entry.

CREATE TABLE listed_jobs (
  id text PRIMARY KEY,
  pipeline text NOT NULL,
  owner text,
  source text,                       -- null: code
  tags text[] NOT NULL,
  words text NOT NULL                -- id, pipeline and description in lower case, as JavaScript has it
);

-- Ids stand in the order of their bytes, on every engine.
CREATE INDEX listed_jobs_in_order ON listed_jobs (id COLLATE "C");
CREATE INDEX listed_jobs_of_owner ON listed_jobs (owner, id COLLATE "C") WHERE owner IS NOT NULL;
CREATE INDEX listed_jobs_of_source ON listed_jobs (source, id COLLATE "C") WHERE source IS NOT NULL;
CREATE INDEX listed_jobs_of_pipeline ON listed_jobs (pipeline, id COLLATE "C");
CREATE INDEX listed_jobs_tags ON listed_jobs USING gin (tags) WHERE tags <> '{}';

ALTER TABLE jobs ADD COLUMN last_verdict text; -- of the last run; a column, because it changes less often than `last_run`

UPDATE jobs SET last_verdict = last_run ->> 'verdict' WHERE last_run IS NOT NULL;

INSERT INTO listed_jobs (id, pipeline, tags, words)
SELECT id, pipeline, ARRAY(SELECT json_array_elements_text(definition::json -> 'tags')), lower(id || E'\x01' || pipeline)
FROM jobs;

-- Active jobs whose last run succeeded, which most are, are in neither of the small ones.
DROP INDEX jobs_next;
CREATE INDEX jobs_next ON jobs (next_due_at, id COLLATE "C");
CREATE INDEX jobs_idle ON jobs (state, id COLLATE "C") WHERE state <> 'active';
CREATE INDEX jobs_unsuccessful ON jobs (last_verdict, id COLLATE "C") WHERE last_verdict <> 'succeeded';
