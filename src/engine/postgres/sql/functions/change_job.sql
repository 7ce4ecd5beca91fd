/*
change_job: changes a job's definition, schedule or state, if nobody changed it since it was read.

change       JSON: jobId, scope? (owners whose jobs it may be), expectedRevision, definition (JSON text)?, declared?, schedule (digest)?, policy?, pipeline?, listed?,
             timing {state, watermark, upcoming [{fireAt,dueAt}], expectedWatermark}?, pausedReason?,
             changesAt (when something of the job changes by itself; 0 = nothing does; absent = as before)?,
             pausedUntil (0 = no end)?, runs [{fireAt,dueAt}]?,
             skipped [{fromAt,toAt,count,dueAt?,verdict,reason?}], skips {upTo, kept [{fireAt,dueAt}]}?,
             event (with by); times in epoch ms,
             note {what, plannedAt?, decidedTo?, differences [{field,from,to}]?, superseded (JSON text of the definition)?, bulk?}
now_ms       epoch ms; null = the server's clock
max_entries  entries that the event log keeps, about
Returns JSON:
  {"o":"changed","generation":n}
  {"o":"conflict"}   the revision or the watermark has changed
  {"o":"missing"}    there is no such job
*/
CREATE FUNCTION change_job(change jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  job jobs;
  fresh jobs;
  timing jsonb := change -> 'timing';
  note jsonb := change -> 'note';
  policy jsonb := change -> 'policy';
  next jsonb;
  named text[] := waits_for(policy -> 'condition', (policy ->> 'waitMs')::bigint);
  groups text[];
  runs occurrences[];
  placed record;
  events jsonb[] := '{}';
BEGIN
  IF cardinality(named) > 0 THEN PERFORM lock_catalog(); END IF;
  groups := lock_jobs((change ->> 'jobId') || named, array_remove(ARRAY[policy ->> 'groupKey'], NULL));
  SELECT * INTO job FROM jobs WHERE id = change ->> 'jobId' AND is_in_scope(change -> 'scope', owner);
  IF NOT FOUND THEN RETURN '{"o":"missing"}'; END IF;
  IF job.revision <> (change ->> 'expectedRevision')::bigint
    OR (timing ->> 'expectedWatermark')::bigint <> job.watermark THEN
    RETURN '{"o":"conflict"}';
  END IF;
  now_ms := server_now(now_ms);
  IF change ? 'skips' THEN events := keep_skips(job, change -> 'skips', now_ms); END IF;
  events := events || decide_spans(job, change -> 'skipped', now_ms);
  fresh := job;
  fresh.revision := nextval('{{fleet_numbers}}');
  IF change ? 'definition' THEN
    fresh.definition := change ->> 'definition';
    fresh.declared := change ->> 'declared';
    fresh.schedule := change ->> 'schedule';
    fresh.pipeline := change ->> 'pipeline';
    fresh.max_instances := (policy ->> 'maxInstances')::integer;
    fresh.is_coalescing := (policy ->> 'coalesce')::boolean;
    fresh.grace_ms := (policy ->> 'graceMs')::bigint;
    fresh.max_catch_up := (policy ->> 'maxCatchUp')::integer;
    fresh.condition := policy -> 'condition';
    fresh.sees := policy -> 'sees';
    fresh.wait_ms := (policy ->> 'waitMs')::bigint;
    fresh.overlap := policy ->> 'overlap';
    fresh.group_key := policy ->> 'groupKey';
    fresh.group_limit := (policy ->> 'groupLimit')::integer;
    fresh.pause_after := (policy ->> 'pauseAfter')::integer;
    fresh.keep_count := (policy ->> 'keepCount')::integer;
    fresh.keep_age_ms := (policy ->> 'keepAgeMs')::bigint;
    fresh.owner := policy ->> 'owner';
    IF fresh.owner IS DISTINCT FROM job.owner THEN
      fresh.handed_over := jsonb_build_object('at', now_ms, 'counts', (SELECT counts FROM jobs WHERE id = job.id));
    END IF;
  END IF;
  IF timing IS NOT NULL THEN
    PERFORM drop_next(job);
    fresh.generation := nextval('{{fleet_numbers}}');
    fresh.state := timing ->> 'state';
    fresh.watermark := (timing ->> 'watermark')::bigint;
    next := CASE fresh.state WHEN 'active' THEN timing #> '{upcoming,0}' END;
    fresh.next_fire_at := (next ->> 'fireAt')::bigint;
    fresh.next_due_at := (next ->> 'dueAt')::bigint;
    IF fresh.state = 'paused' THEN
      IF job.state <> 'paused' THEN fresh.paused_at := now_ms; END IF;
      fresh.paused_reason := COALESCE(change ->> 'pausedReason', fresh.paused_reason);
      IF change ? 'pausedUntil' THEN fresh.paused_until := NULLIF((change ->> 'pausedUntil')::bigint, 0); END IF;
      events := events || drop_queued(job, 'paused', true, now_ms);
      PERFORM hold_retries(job.id);
    ELSE
      IF job.state = 'paused' THEN
        fresh.failures_in_a_row := 0;
        PERFORM release_retries(job.id, now_ms);
      END IF;
      fresh.paused_at := NULL;
      fresh.paused_reason := NULL;
      fresh.paused_until := NULL;
    END IF;
    fresh.finished_at := NULL;
  END IF;
  UPDATE jobs SET (pipeline, definition, declared, schedule, revision, generation, state, watermark, next_fire_at,
    next_due_at, max_instances, is_coalescing, grace_ms, max_catch_up, condition, sees, wait_ms, overlap, group_key, group_limit,
    pause_after, keep_count, keep_age_ms, owner, paused_at, paused_reason, paused_until, finished_at,
    failures_in_a_row, handed_over) = (fresh.pipeline,
    fresh.definition, fresh.declared, fresh.schedule, fresh.revision, fresh.generation, fresh.state, fresh.watermark,
    fresh.next_fire_at, fresh.next_due_at, fresh.max_instances, fresh.is_coalescing, fresh.grace_ms, fresh.max_catch_up,
    fresh.condition, fresh.sees, fresh.wait_ms, fresh.overlap, fresh.group_key, fresh.group_limit, fresh.pause_after, fresh.keep_count,
    fresh.keep_age_ms, fresh.owner, fresh.paused_at, fresh.paused_reason, fresh.paused_until, fresh.finished_at,
    fresh.failures_in_a_row, fresh.handed_over)
  WHERE id = job.id RETURNING * INTO fresh;
  IF change ? 'definition' THEN
    PERFORM list_job(job.id, fresh.pipeline, change -> 'listed');
    IF fresh.condition IS DISTINCT FROM job.condition OR fresh.wait_ms IS DISTINCT FROM job.wait_ms THEN
      PERFORM link_condition(job.id, fresh.condition, fresh.wait_ms);
    END IF;
    IF fresh.group_key IS DISTINCT FROM job.group_key THEN
      PERFORM leave_line(job);
      IF leave_line(job, true) THEN PERFORM feed_backfill(job.id, now_ms); END IF;
    END IF;
    -- To conditions that see one owner's jobs alone, it comes or goes.
    IF fresh.owner IS DISTINCT FROM job.owner THEN PERFORM wake_dependents(ARRAY[job.id], now_ms); END IF;
    -- The new rules may let queued runs start.
    PERFORM wake_for_queued(fresh, now_ms);
  END IF;
  IF timing IS NOT NULL AND fresh.state = 'active' THEN
    PERFORM add_next(job.id, fresh.pipeline, fresh.generation, timing -> 'upcoming', now_ms);
  END IF;
  IF change ? 'runs' THEN
    SELECT array_agg(ROW(fire, fire, due, 1, NULL, NULL)::occurrences ORDER BY fire) INTO runs FROM (
      SELECT (o ->> 'fireAt')::bigint AS fire, (o ->> 'dueAt')::bigint AS due FROM jsonb_array_elements(change -> 'runs') AS o) AS given;
    IF cardinality(runs) > 0 THEN
      placed := line_up(fresh, runs, now_ms);
      events := events || placed.events;
    END IF;
  END IF;
  -- The job may have an instance free by the new rules.
  PERFORM wake_for_queued(fresh, now_ms);
  PERFORM note_timed(job.id, (change ->> 'changesAt')::bigint);
  events := events || ((change -> 'event') || jsonb_build_object('at', now_ms) || owner_field(fresh.owner));
  IF fresh.state = 'finished' THEN events := events || tell_finished(ARRAY[job.id], now_ms); END IF;
  PERFORM wake_groups(groups, now_ms);
  PERFORM keep_change(jsonb_build_object('by', change #> '{event,by}', 'what', note -> 'what', 'jobId', job.id,
      'owner', fresh.owner, 'reason', change -> 'pausedReason', 'differences', note -> 'differences', 'bulk', note -> 'bulk',
      'formerOwner', CASE WHEN fresh.owner IS DISTINCT FROM job.owner THEN COALESCE(job.owner, '') END),
    jsonb_build_object('revision', job.revision, 'state', job.state, 'until', COALESCE(note -> 'plannedAt', to_jsonb(now_ms)),
      'watermark', fresh.watermark, 'decidedTo', note -> 'decidedTo', 'definition', note -> 'superseded'), now_ms);
  PERFORM append_entry(events, max_entries);
  RETURN jsonb_build_object('o', 'changed', 'generation', fresh.generation);
END
$$;
