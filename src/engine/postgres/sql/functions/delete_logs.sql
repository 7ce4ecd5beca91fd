/*
delete_logs: deletes the logs of a job that began before an instant, a bounded number per call.

request      JSON: jobId, before (epoch ms)
now_ms       not used
max_entries  not used
Returns the number of runs whose log was deleted.
*/
CREATE FUNCTION delete_logs(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  max_deleted constant integer := 500;
  old text[] := ARRAY(SELECT run_id FROM log_runs
    WHERE job_id = request ->> 'jobId' AND began_at < (request ->> 'before')::bigint
    ORDER BY began_at, run_id LIMIT max_deleted FOR UPDATE);
BEGIN
  PERFORM drop_logs(old);
  RETURN to_jsonb(cardinality(old));
END
$$;
