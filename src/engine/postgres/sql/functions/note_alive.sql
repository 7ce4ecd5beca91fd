/*
note_alive: notes that the worker of a start lost its lock but lives, so that this does not count as a crash.

hold         JSON: jobId, queueJobId, runId, start
now_ms       not used
max_entries  not used
Returns null.
*/
CREATE FUNCTION note_alive(hold jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM lock_jobs(ARRAY[hold ->> 'jobId']);
  PERFORM mark_alive(hold);
  RETURN NULL;
END
$$;
