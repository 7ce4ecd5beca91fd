/*
change_skip: skips one occurrence, or takes that back. One that waits in the queue gets its verdict now; one to come gets it when it
is due.

request      JSON: jobId, scope? (owners whose jobs it may be), expectedRevision, fireAt, dueAt (epoch ms), reason?, by, isUndone (true)?: takes it back
now_ms       epoch ms; null = the server's clock
max_entries  entries that the event log keeps, about
Returns JSON text "changed", "same" (nothing to take back), "running", "decided", "full" (the job has 1,000 skips), "conflict" (the
revision has changed), or "missing".
*/
CREATE FUNCTION change_skip(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  max_skips constant integer := 1000;
  fire bigint := (request ->> 'fireAt')::bigint;
  is_undone boolean := request ? 'isUndone';
  groups text[];
  job jobs;
  noted jsonb;
  queued queued_runs;
  events jsonb[] := '{}';
BEGIN
  groups := lock_jobs(ARRAY[request ->> 'jobId']);
  SELECT * INTO job FROM jobs WHERE id = request ->> 'jobId' AND is_in_scope(request -> 'scope', owner);
  IF NOT FOUND THEN RETURN '"missing"'; END IF;
  IF job.revision <> (request ->> 'expectedRevision')::bigint THEN RETURN '"conflict"'; END IF;
  now_ms := server_now(now_ms);
  noted := jsonb_build_object('by', request -> 'by', 'what', CASE WHEN is_undone THEN 'unskipped' ELSE 'skipped' END,
    'jobId', job.id, 'owner', job.owner, 'fireAt', fire, 'reason', request -> 'reason');
  IF EXISTS (SELECT FROM running_runs WHERE job_id = job.id AND kind = 'scheduled' AND fire_at = fire) THEN
    RETURN '"running"';
  END IF;
  IF NOT is_undone THEN
    FOR queued IN DELETE FROM queued_runs WHERE job_id = job.id AND kind = 'scheduled' AND fire_at = fire RETURNING * LOOP
      events := events || decide_against(job, occurrence_of(queued), 'skipped', 'JOB_SKIPPED', now_ms, 'requested',
        asked_by => request -> 'by', remark => request ->> 'reason');
    END LOOP;
    IF cardinality(events) > 0 THEN
      PERFORM stop_waking(job, now_ms);
      PERFORM wake_groups(groups, now_ms);
      PERFORM keep_change(noted, NULL, now_ms);
      PERFORM append_entry(events || tell_finished(ARRAY[job.id], now_ms), max_entries);
      RETURN '"changed"';
    END IF;
  END IF;
  IF fire <= job.watermark THEN RETURN '"decided"'; END IF;
  DELETE FROM skips WHERE job_id = job.id AND fire_at = fire;
  IF is_undone THEN
    IF NOT FOUND THEN RETURN '"same"'; END IF;
  ELSIF (SELECT count(*) FROM skips WHERE job_id = job.id) >= max_skips THEN
    RETURN '"full"';
  ELSE
    INSERT INTO skips (job_id, fire_at, due_at, reason, requested_by, asked_at)
    VALUES (job.id, fire, (request ->> 'dueAt')::bigint, request ->> 'reason', request -> 'by', now_ms);
  END IF;
  PERFORM note_first(job.id);
  -- Workers count what is due without the skips that they know of, and know them by the revision.
  UPDATE jobs SET revision = nextval('{{fleet_numbers}}') WHERE id = job.id;
  PERFORM keep_change(noted, NULL, now_ms);
  PERFORM append_entry(ARRAY[jsonb_strip_nulls(jsonb_build_object('name', 'JOB_MODIFIED', 'at', now_ms, 'jobId', job.id,
    'owner', job.owner, 'fireAt', fire, 'reason', CASE WHEN is_undone THEN 'unskip' ELSE 'skip' END, 'note', request -> 'reason',
    'by', request -> 'by'))], max_entries);
  RETURN '"changed"';
END
$$;
