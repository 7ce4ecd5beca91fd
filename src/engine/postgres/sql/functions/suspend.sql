/*
suspend: notes that a run goes on later. It keeps its instance.

request      JSON: jobId, queueJobId, runId, start, kind ("retry" or "sleep"), inMs or at (epoch ms), worker, error (JSON text)?
now_ms       epoch ms; null = the server's clock
max_entries  entries that the event log keeps, about
Returns JSON:
  {"o":"suspended","waitMs":n}  put the queue job back for so long
  {"o":"until-resume"}          the job is paused, and the retry goes on when it does: end the queue job
  {"o":"cancelled"}             somebody had asked for its end, or the job was removed; it has its verdict now
  {"o":"fenced"}                another start has the run, or it has ended
*/
CREATE FUNCTION suspend(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  groups text[];
  job jobs;
  held instances;
  told jsonb[] := '{}';
  answer jsonb;
BEGIN
  groups := lock_jobs(ARRAY[request ->> 'jobId']);
  now_ms := server_now(now_ms);
  SELECT * INTO held FROM instances
    WHERE job_id = request ->> 'jobId' AND queue_job_id = request ->> 'queueJobId' FOR UPDATE;
  IF NOT FOUND OR held.run_id <> request ->> 'runId' OR held.start <> (request ->> 'start')::integer THEN
    PERFORM tell_alive(request);
    RETURN '{"o":"fenced"}';
  END IF;
  SELECT * INTO job FROM jobs WHERE id = held.job_id;
  IF held.cancel_reason IS NOT NULL THEN
    told := finish_run(held, ending_of(job, 'cancelled', cancel_error(held.cancel_reason), now_ms), now_ms);
    PERFORM call_for_queued(job, now_ms);
    PERFORM wake_dependents(ARRAY[held.job_id], now_ms);
    PERFORM call_groups(groups, now_ms);
    answer := '{"o":"cancelled"}';
  ELSE
    -- A request that is sent twice, because its answer was lost, is answered alike.
    IF held.suspended IS NULL THEN
      held.suspended := request ->> 'kind';
      held.until_at := COALESCE((request ->> 'at')::bigint, now_ms + (request ->> 'inMs')::bigint);
      UPDATE instances SET suspended = held.suspended, until_at = held.until_at, error = request ->> 'error',
        failures = failures + CASE held.suspended WHEN 'retry' THEN 1 ELSE 0 END
      WHERE job_id = held.job_id AND queue_job_id = held.queue_job_id;
      IF held.suspended = 'retry' THEN
        told := ARRAY[event_of_run('JOB_RETRYING', held, now_ms)
          || jsonb_strip_nulls(jsonb_build_object('reason', 'retry', 'error', request ->> 'error'))];
      END IF;
    END IF;
    held.error := request ->> 'error';
    IF job.id IS NULL THEN
      told := told || end_removed(job, held, now_ms);
      PERFORM call_groups(groups, now_ms);
      answer := '{"o":"cancelled"}';
    ELSIF job.state = 'paused' AND waits_for_resume(held) THEN
      answer := '{"o":"until-resume"}';
    ELSE
      answer := jsonb_build_object('o', 'suspended', 'waitMs', GREATEST(0, held.until_at - now_ms));
    END IF;
  END IF;
  IF answer = '{"o":"cancelled"}' THEN told := told || tell_finished(ARRAY[held.job_id], now_ms); END IF;
  PERFORM append_entry(told, max_entries);
  RETURN answer;
END
$$;
