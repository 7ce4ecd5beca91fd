/*
save_step: stores a step that ended, or the run's progress. A start that lost its run is refused.

step         JSON: jobId, queueJobId, runId, start, fireAt, name, record (JSON text), maxSteps
now_ms       epoch ms; null = the server's clock
max_entries  not used
Returns "saved", "fenced", or "too-many" (the run has as many steps as it may), as JSON.
*/
CREATE FUNCTION save_step(step jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  -- Runs whose steps one new run may push out: more than arrive, so that it catches up, but bounded.
  max_gone constant integer := 100;
  keep_count bigint;
  keep_age_ms bigint;
  is_new boolean;
BEGIN
  -- The row stays locked until the step is stored, so that no worker takes the run over in between.
  PERFORM 1 FROM running_runs WHERE job_id = step ->> 'jobId' AND queue_job_id = step ->> 'queueJobId'
    AND run_id = step ->> 'runId' AND start = (step ->> 'start')::integer FOR SHARE;
  IF NOT FOUND THEN
    PERFORM mark_alive(step);
    RETURN '"fenced"';
  END IF;
  INSERT INTO step_runs (job_id, run_id, fire_at, saved_at)
    VALUES (step ->> 'jobId', step ->> 'runId', (step ->> 'fireAt')::bigint, server_now(now_ms))
    ON CONFLICT (run_id) DO UPDATE SET saved_at = EXCLUDED.saved_at
    RETURNING xmax = 0 INTO is_new;
  -- This row is locked now: steps of one run are stored one after the other, and can be counted.
  IF (SELECT count(*) FROM steps WHERE run_id = step ->> 'runId' AND name <> step ->> 'name')
    >= (step ->> 'maxSteps')::integer THEN
    RETURN '"too-many"';
  END IF;
  INSERT INTO steps (job_id, run_id, name, record)
    VALUES (step ->> 'jobId', step ->> 'runId', step ->> 'name', step ->> 'record')
    ON CONFLICT (run_id, name) DO UPDATE SET record = EXCLUDED.record;
  IF NOT is_new THEN RETURN '"saved"'; END IF;
  SELECT j.keep_count, j.keep_age_ms INTO keep_count, keep_age_ms FROM jobs j WHERE id = step ->> 'jobId';
  WITH old AS (
    (SELECT run_id FROM step_runs WHERE job_id = step ->> 'jobId'
      ORDER BY fire_at DESC, run_id DESC OFFSET COALESCE(keep_count, 1) LIMIT max_gone)
    UNION
    (SELECT run_id FROM step_runs WHERE saved_at < server_now(now_ms) - COALESCE(keep_age_ms, 86400000)
      AND job_id = step ->> 'jobId' LIMIT max_gone)
  ), gone AS (
    -- Those of a run that has not ended stay however long it takes, since without them it would start over.
    DELETE FROM step_runs USING old WHERE step_runs.run_id = old.run_id AND NOT EXISTS (
      SELECT 1 FROM running_runs i WHERE i.job_id = step ->> 'jobId' AND i.run_id = old.run_id)
    RETURNING step_runs.run_id
  )
  DELETE FROM steps USING gone WHERE steps.run_id = gone.run_id;
  RETURN '"saved"';
END
$$;
