/*
suspend: suspends a run, which keeps its instance: a retry after a failure, or a sleep.

request      JSON: jobId, queueJobId, runId, start, kind ("retry" or "sleep"), at (epoch ms) or inMs (from now),
             worker, error (JSON text)?
now_ms       epoch ms; null = the server's clock
max_entries  entries that the event log keeps, about
Returns JSON:
  {"o":"suspended","waitMs":n}  put the queue job back for this long
  {"o":"until-resume"}          the job is paused, and the retry waits until it is resumed: end the queue job
  {"o":"cancelled"}             the run was to be cancelled, or the job was removed; the run has its verdict now
  {"o":"fenced"}                another start has the run, or it has ended
*/
CREATE FUNCTION suspend(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  groups text[];
  job jobs;
  held running_runs;
  events jsonb[] := '{}';
  answer jsonb;
BEGIN
  groups := lock_jobs(ARRAY[request ->> 'jobId']);
  now_ms := server_now(now_ms);
  SELECT * INTO held FROM running_runs
    WHERE job_id = request ->> 'jobId' AND queue_job_id = request ->> 'queueJobId' FOR UPDATE;
  IF NOT FOUND OR held.run_id <> request ->> 'runId' OR held.start <> (request ->> 'start')::integer THEN
    PERFORM mark_alive(request);
    RETURN '{"o":"fenced"}';
  END IF;
  SELECT * INTO job FROM jobs WHERE id = held.job_id;
  IF held.cancel_reason IS NOT NULL THEN
    events := finish_here(job, held, 'cancelled', cancel_error(held.cancel_reason), now_ms);
    PERFORM wake_for_queued(job, now_ms);
    PERFORM wake_dependents(ARRAY[held.job_id], now_ms);
    PERFORM wake_groups(groups, now_ms);
    answer := '{"o":"cancelled"}';
  ELSE
    -- A repeated request, whose answer was lost with a connection, finds the run suspended.
    IF held.suspended IS NULL THEN
      held.suspended := request ->> 'kind';
      held.resume_at := COALESCE((request ->> 'at')::bigint, now_ms + (request ->> 'inMs')::bigint);
      UPDATE running_runs SET suspended = held.suspended, resume_at = held.resume_at, error = request ->> 'error',
        failures = failures + CASE held.suspended WHEN 'retry' THEN 1 ELSE 0 END
      WHERE job_id = held.job_id AND queue_job_id = held.queue_job_id;
      IF held.suspended = 'retry' THEN
        events := ARRAY[event_of_run('JOB_RETRYING', held, now_ms)
          || jsonb_strip_nulls(jsonb_build_object('reason', 'retry', 'error', request ->> 'error'))];
      END IF;
    END IF;
    held.error := request ->> 'error';
    IF job.id IS NULL THEN
      events := events || end_removed(job, held, now_ms);
      PERFORM wake_groups(groups, now_ms);
      answer := '{"o":"cancelled"}';
    ELSIF job.state = 'paused' AND waits_for_resume(held) THEN
      answer := '{"o":"until-resume"}';
    ELSE
      answer := jsonb_build_object('o', 'suspended', 'waitMs', GREATEST(0, held.resume_at - now_ms));
    END IF;
  END IF;
  IF answer = '{"o":"cancelled"}' THEN events := events || tell_finished(ARRAY[held.job_id], now_ms); END IF;
  PERFORM append_entry(events, max_entries);
  RETURN answer;
END
$$;
