/*
delete_logs: deletes the logs of a job that began before an instant, a bounded number per call.

request      JSON: jobId, before (epoch ms), scope? (owners whose jobs it may be)
now_ms       not used
max_entries  not used
Returns the number of runs whose log was deleted.
*/
CREATE FUNCTION delete_logs(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  max_deleted constant integer := 500;
  old text[];
BEGIN
  IF request ? 'scope' THEN
    -- It stays its owner's until this is done.
    PERFORM 1 FROM jobs WHERE id = request ->> 'jobId' AND is_in_scope(request -> 'scope', owner) FOR SHARE;
    IF NOT FOUND THEN RETURN '0'; END IF;
  END IF;
  old := ARRAY(SELECT run_id FROM log_runs
    WHERE job_id = request ->> 'jobId' AND began_at < (request ->> 'before')::bigint
    ORDER BY began_at, run_id LIMIT max_deleted FOR UPDATE);
  PERFORM drop_logs(old);
  RETURN to_jsonb(cardinality(old));
END
$$;
