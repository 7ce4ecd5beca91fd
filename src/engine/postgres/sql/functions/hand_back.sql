/*
hand_back: notes that a worker hands a run back unfinished on purpose, so that its next start does not count as a crash.

hold         JSON: jobId, queueJobId, runId, start
now_ms       epoch ms; null = the server's clock
max_entries  entries that the event log keeps, about
Returns 1 = noted, 0 = this start does not hold the run, or the run is suspended anyway.
*/
CREATE FUNCTION hand_back(hold jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  held running_runs;
BEGIN
  PERFORM lock_jobs(ARRAY[hold ->> 'jobId']);
  UPDATE running_runs SET is_handed_back = true
  WHERE job_id = hold ->> 'jobId' AND queue_job_id = hold ->> 'queueJobId' AND run_id = hold ->> 'runId'
    AND start = (hold ->> 'start')::integer AND suspended IS NULL
  RETURNING * INTO held;
  IF NOT FOUND THEN
    PERFORM mark_alive(hold) FROM running_runs WHERE job_id = hold ->> 'jobId' AND queue_job_id = hold ->> 'queueJobId'
      AND start <> (hold ->> 'start')::integer;
    RETURN '0';
  END IF;
  now_ms := server_now(now_ms);
  PERFORM append_entry(ARRAY[jsonb_build_object('name', 'JOB_RETRYING', 'at', now_ms, 'jobId', held.job_id,
    'runId', held.run_id, 'fireAt', held.fire_at, 'attempt', held.attempt, 'worker', held.worker,
    'reason', 'handed back') || owner_field(held.owner)], max_entries);
  RETURN '1';
END
$$;
