/*
clean_ledger: deletes rows of a job's ledger on request, with the logs and steps of their runs, a bounded number per call. Runs
without a verdict keep theirs.

cleanup      JSON: jobId, before (epoch ms; fire times, at most up to now), scope? (owners whose jobs it may be)
now_ms       epoch ms; null = the server's clock
max_entries  not used
Returns JSON: {"deleted":n,"isDone":true or false}
*/
CREATE FUNCTION clean_ledger(cleanup jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  max_cleaned constant integer := 500;
  of_job constant text := cleanup ->> 'jobId';
  -- A cleanup says nothing about what is yet to be decided.
  before constant bigint := LEAST((cleanup ->> 'before')::bigint, server_now(now_ms) + 1);
  gone text[];
  left_steps text[] := '{}';
  left_logs text[] := '{}';
BEGIN
  IF cleanup ? 'scope' THEN
    -- It stays its owner's until this is done.
    PERFORM 1 FROM jobs WHERE id = of_job AND is_in_scope(cleanup -> 'scope', owner) FOR SHARE;
    IF NOT FOUND THEN RETURN '{"deleted":0,"isDone":true}'; END IF;
  END IF;
  INSERT INTO ledgers (job_id) SELECT id FROM jobs WHERE id = of_job ON CONFLICT DO NOTHING;
  -- Whoever misses rows later finds here that they were not lost. The row stays locked, as when rows are added.
  UPDATE ledgers SET cleaned_to = GREATEST(cleaned_to, before) WHERE job_id = of_job;
  IF NOT FOUND THEN RETURN '{"deleted":0,"isDone":true}'; END IF;
  WITH old AS (
    SELECT l.at, l.id FROM ledger AS l WHERE job_id = of_job AND fire_at < before ORDER BY fire_at, l.id LIMIT max_cleaned
  ), deleted AS (
    DELETE FROM ledger USING old WHERE ledger.at = old.at AND ledger.id = old.id RETURNING run_id
  )
  SELECT COALESCE(array_agg(run_id), '{}') INTO gone FROM deleted;
  UPDATE ledgers SET row_count = row_count - cardinality(gone) WHERE job_id = of_job;
  IF cardinality(gone) < max_cleaned THEN
    -- Logs and steps of runs whose rows went before.
    left_steps := ARRAY(SELECT run_id FROM step_runs AS s WHERE job_id = of_job AND fire_at < before
      AND NOT EXISTS (SELECT 1 FROM running_runs AS i WHERE i.job_id = of_job AND i.run_id = s.run_id) LIMIT max_cleaned);
    left_logs := ARRAY(SELECT run_id FROM log_runs AS l WHERE job_id = of_job AND began_at < before
      AND split_part(run_id, ':', 3)::bigint < before
      AND NOT EXISTS (SELECT 1 FROM running_runs AS i WHERE i.job_id = of_job AND i.run_id = l.run_id) LIMIT max_cleaned);
  END IF;
  PERFORM drop_logs(gone || left_logs);
  DELETE FROM steps WHERE run_id = ANY (gone || left_steps);
  DELETE FROM step_runs WHERE run_id = ANY (gone || left_steps);
  RETURN jsonb_build_object('deleted', cardinality(gone),
    'isDone', GREATEST(cardinality(gone), cardinality(left_steps), cardinality(left_logs)) < max_cleaned);
END
$$;
