/*
list_step_runs: the runs of a job that have steps, oldest first.

of_job       job id
skipped      how many to skip
max_runs     ids returned at most
Returns a JSON array of run ids.
*/
CREATE FUNCTION list_step_runs(of_job text, skipped integer, max_runs integer) RETURNS jsonb LANGUAGE sql STABLE
SET search_path FROM CURRENT AS $$
  SELECT COALESCE(jsonb_agg(run_id ORDER BY fire_at, run_id), '[]') FROM (
    SELECT run_id, fire_at FROM step_runs WHERE job_id = of_job ORDER BY fire_at, run_id OFFSET skipped LIMIT max_runs) AS r
$$;
