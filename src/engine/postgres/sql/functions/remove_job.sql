/*
remove_job: removes a job. Runs being executed continue and settle; suspended ones are cancelled. The ledger and
the job's changes are kept for as long as its rows would have been.

removal      JSON: jobId, scope? (owners whose jobs it may be), expectedWatermark (epoch ms)?, expectedRevision?,
             skipped [{fromAt,toAt,count,dueAt?,verdict,reason?}], event (with by),
             note {plannedAt?, superseded (JSON text of the definition)?, bulk?}
now_ms       epoch ms; null = the server's clock
max_entries  entries that the event log keeps, about
Returns JSON text "removed", "missing", or "undecided" (the watermark or the revision has changed: compute `skipped`
again).
*/
CREATE FUNCTION remove_job(removal jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  job jobs;
  note jsonb := removal -> 'note';
  request run_requests;
  held running_runs;
  groups text[];
  events jsonb[];
BEGIN
  groups := lock_jobs(ARRAY[removal ->> 'jobId']);
  SELECT * INTO job FROM jobs WHERE id = removal ->> 'jobId' AND is_in_scope(removal -> 'scope', owner);
  IF NOT FOUND THEN RETURN '"missing"'; END IF;
  IF (removal ->> 'expectedWatermark')::bigint <> job.watermark
    OR (removal ->> 'expectedRevision')::bigint <> job.revision THEN
    RETURN '"undecided"';
  END IF;
  now_ms := server_now(now_ms);
  PERFORM drop_next(job);
  SELECT s.events INTO events FROM decide_skips(job, now_ms, now_ms) AS s;
  events := events || decide_spans(job, removal -> 'skipped', now_ms) || drop_queued(job, 'removed', false, now_ms);
  FOR request IN DELETE FROM run_requests WHERE job_id = job.id RETURNING * LOOP
    events := events || decide_against(job,
      ROW(request.fire_at, request.fire_at, request.fire_at, 1, request.run_id, 'manual')::occurrences,
      'skipped', 'JOB_SKIPPED', now_ms, 'removed', asked_by => request.requested_by);
    PERFORM drop_queue_job(request.run_id);
  END LOOP;
  PERFORM link_condition(job.id, NULL, NULL);
  PERFORM leave_line(job);
  PERFORM close_backfill(job.id, 'cancelled') FROM backfills
    WHERE job_id = job.id AND state NOT IN ('finished', 'cancelled');
  -- Runs being executed continue; suspended ones end.
  FOR held IN SELECT * FROM running_runs WHERE job_id = job.id AND (suspended IS NOT NULL OR is_handed_back)
    ORDER BY fire_at, queue_job_id LOOP
    events := events || end_removed(job, held, now_ms);
  END LOOP;
  DELETE FROM backfills WHERE job_id = job.id;
  PERFORM drop_wakeups(job.id);
  PERFORM note_timed(job.id, 0);
  DELETE FROM skips WHERE job_id = job.id;
  DELETE FROM asked_runs WHERE job_id = job.id;
  DELETE FROM jobs WHERE id = job.id;
  DELETE FROM listed_jobs WHERE id = job.id;
  INSERT INTO ledgers (job_id, row_count, expires_at) VALUES (job.id, 0, server_now(NULL) + job.keep_age_ms)
  ON CONFLICT (job_id) DO UPDATE SET expires_at = excluded.expires_at;
  events := events || ((removal -> 'event') || jsonb_build_object('at', now_ms) || owner_field(job.owner));
  PERFORM wake_dependents(ARRAY[job.id], now_ms);
  PERFORM wake_groups(groups, now_ms);
  PERFORM keep_change(jsonb_build_object('by', removal #> '{event,by}', 'what', 'removed', 'jobId', job.id,
      'owner', job.owner, 'bulk', note -> 'bulk'),
    jsonb_build_object('revision', job.revision, 'state', job.state, 'until', COALESCE(note -> 'plannedAt', to_jsonb(now_ms)),
      'watermark', job.watermark, 'definition', note -> 'superseded'), now_ms);
  PERFORM append_entry(events, max_entries);
  RETURN '"removed"';
END
$$;
