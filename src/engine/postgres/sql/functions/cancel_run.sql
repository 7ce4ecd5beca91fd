/*
cancel_run: cancels a run: at once if it is not being executed; otherwise its worker will be told.

request      JSON: jobId, runId, reason, by (who cancels it), bulk? (the id of the call that cancels many),
             scope? (owners whose runs it may be)
now_ms       epoch ms; null = the server's clock
max_entries  entries that the event log keeps, about
Returns JSON text "cancelled" (it has its verdict), "asked" (its worker will be told), or "unknown".
*/
CREATE FUNCTION cancel_run(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  groups text[];
  why text := request ->> 'reason';
  job jobs;
  held running_runs;
  canceller jsonb := request -> 'by';
  asked_by jsonb;
  asked run_requests;
  queued queued_runs;
  waiting occurrences;
  ended record;
  events jsonb[] := '{}';
  answer jsonb := '"cancelled"';
BEGIN
  groups := lock_jobs(ARRAY[request ->> 'jobId']);
  now_ms := server_now(now_ms);
  SELECT * INTO job FROM jobs WHERE id = request ->> 'jobId';
  SELECT * INTO held FROM running_runs WHERE job_id = request ->> 'jobId' AND run_id = request ->> 'runId' FOR UPDATE;
  -- Whose the run is, as it is shown: it may have started when its job was another's.
  IF NOT is_in_scope(request -> 'scope', COALESCE(held.owner, job.owner)) THEN RETURN '"unknown"'; END IF;
  IF held.run_id IS NOT NULL THEN
    SELECT * INTO ended FROM cancel_held(job, held, why, canceller, now_ms);
    IF ended.is_over THEN
      events := ended.events;
      PERFORM wake_for_queued(job, now_ms);
      PERFORM wake_dependents(ARRAY[held.job_id], now_ms);
    ELSE
      answer := '"asked"';
    END IF;
  ELSIF job.id IS NULL THEN
    RETURN '"unknown"';
  ELSE
    DELETE FROM run_requests WHERE job_id = job.id AND run_id = request ->> 'runId' RETURNING * INTO asked;
    IF FOUND THEN
      waiting := ROW(asked.fire_at, asked.fire_at, asked.fire_at, 1, asked.run_id, 'manual')::occurrences;
      asked_by := asked.requested_by;
    END IF;
    IF waiting.run_id IS NOT NULL THEN PERFORM drop_queue_job(waiting.run_id); END IF;
    IF waiting.run_id IS NULL THEN
      DELETE FROM queued_runs WHERE job_id = job.id AND run_id = request ->> 'runId' RETURNING * INTO queued;
      IF FOUND THEN
        waiting := occurrence_of(queued);
        asked_by := queued.requested_by;
      END IF;
    END IF;
    IF waiting.run_id IS NOT NULL THEN
      events := ARRAY[record_cancelled(job, waiting, why, canceller, now_ms, asked_by)];
      PERFORM stop_waking(job, now_ms);
    ELSE
      events := ARRAY[cancel_backfill_run(job, request ->> 'runId', why, canceller, now_ms)];
      IF events[1] IS NULL THEN RETURN '"unknown"'; END IF;
    END IF;
  END IF;
  PERFORM wake_groups(groups, now_ms);
  PERFORM keep_change(jsonb_build_object('by', canceller, 'what', 'cancelled', 'jobId', request -> 'jobId',
    'owner', COALESCE(held.owner, job.owner), 'runId', request -> 'runId', 'reason', why, 'bulk', request -> 'bulk'), NULL, now_ms);
  PERFORM append_entry(events || tell_finished(ARRAY[request ->> 'jobId'], now_ms), max_entries);
  RETURN answer;
END
$$;
