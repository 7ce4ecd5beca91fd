/*
import_records: stores records of another engine, each once, however often the import is repeated.

step         JSON: importId, by (who imports), sequence, isDone, records (in the order of their places); times in epoch ms:
             job          place, jobId, claim?, definition (JSON text), declared, schedule, pipeline, policy, state,
                          watermark, pausedAt?, pausedReason?, pausedUntil?, changesAt?, finishedAt?, counts, lastRun?, lastScheduledRun? (if that
                          is another), lastSuccessAt?, successStreak, failuresInARow,
                          queued [{id,kind,fireAt,dueAt,fromAt,count,params?,ignoreCondition?,waitUntil?,by?}],
                          runs (as `written_running` has them),
                          backfill (as `written_backfill` has it)?, changesAt?, cleanedTo?, handedOver (JSON text)?, upcoming [{fireAt,dueAt}]
             removed-job  place, jobId, runs, keepUntil?, cleanedTo?
             request      place, jobId, runId, fireAt, params (JSON text)?, ignoreCondition?, by?
             step         place, jobId, runId, fireAt, keepUntil?, keepAgeMs, name, record (JSON text)
             ledger       place, jobId, id, fireAt, keepUntil?, row (JSON text)
             revision     place, jobId, keepUntil?, revision (JSON text)
now_ms       epoch ms; null = the server's clock
max_entries  entries that the event log keeps, about
Returns JSON:
  {"place":n}                  the last place that is stored
  {"place":n,"existing":[id]}  these jobs exist, and not by this import, or another queue has claimed their ids: nothing of
                               the step was stored
  {"place":n,"void":true}      a claim was fenced off: nothing of the step was stored
*/
CREATE FUNCTION import_run(of_job text, run jsonb, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  queue_job text := run ->> 'queueJobId';
  due_at bigint := CASE WHEN run ? 'suspended' THEN (run ->> 'resumeAt')::bigint ELSE now_ms END;
BEGIN
  INSERT INTO running_runs (job_id, queue_job_id, run_id, kind, pipeline, fire_at, due_at, from_at, count, started_at,
    attempt_at, start, attempt, failures, crashes, worker, take, params, group_key, is_handed_back, suspended, resume_at,
    error, cancel_reason, owner, requested_by, cancelled_by)
  VALUES (of_job, queue_job, run ->> 'id', run ->> 'kind', run ->> 'pipeline', (run ->> 'fireAt')::bigint,
    (run ->> 'dueAt')::bigint, (run ->> 'fromAt')::bigint, (run ->> 'count')::integer, (run ->> 'startedAt')::bigint,
    (run ->> 'attemptAt')::bigint, (run ->> 'start')::integer, (run ->> 'attempt')::integer,
    (run ->> 'failures')::integer, (run ->> 'crashes')::integer, run ->> 'worker', '', run ->> 'params', run ->> 'groupKey',
    run ? 'isHandedBack', run ->> 'suspended', (run ->> 'resumeAt')::bigint, run ->> 'error', run ->> 'cancelReason',
    run ->> 'owner', run -> 'by', run -> 'cancelledBy')
  ON CONFLICT DO NOTHING;
  IF EXISTS (SELECT 1 FROM jobs JOIN running_runs AS i ON i.job_id = jobs.id
    WHERE jobs.id = of_job AND state = 'paused' AND queue_job_id = queue_job AND waits_for_resume(i)) THEN RETURN; END IF;
  IF run ->> 'kind' <> 'backfill' THEN
    PERFORM add_queue_job(queue_job, run ->> 'pipeline', due_at, now_ms);
  ELSIF due_at <= now_ms THEN
    PERFORM add_last_queue_job(queue_job, run ->> 'pipeline', now_ms);
  ELSE
    -- When it continues, it is behind all others again.
    PERFORM add_queue_job(queue_job, run ->> 'pipeline', due_at, now_ms);
    UPDATE {{bullmq_schema}}.job SET priority = 2097151, opts = opts || '{"priority":2097151}'
    WHERE queue = '{{bullmq_queue}}' AND id = queue_job;
  END IF;
END
$$;

-- Up to which fire time rows were deleted on request.
CREATE FUNCTION import_cleaned(r jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO ledgers AS l (job_id, cleaned_to, expires_at)
  SELECT r ->> 'jobId', (r ->> 'cleanedTo')::bigint, (r ->> 'keepUntil')::bigint WHERE r ? 'cleanedTo'
  ON CONFLICT (job_id) DO UPDATE SET cleaned_to = GREATEST(l.cleaned_to, excluded.cleaned_to),
    expires_at = GREATEST(l.expires_at, excluded.expires_at)
$$;

CREATE FUNCTION import_backfill(of_job text, b jsonb, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO backfills (job_id, backfill_id, state, total, concurrency, is_latest_first, counts, created_at, touched_at)
  VALUES (of_job, b ->> 'backfillId', b ->> 'state', (b ->> 'total')::bigint, (b ->> 'concurrency')::integer,
    b ->> 'order' = 'latest', b -> 'verdicts', (b ->> 'createdAt')::bigint, (b ->> 'touchedAt')::bigint)
  -- The job that this one replaces may have one.
  ON CONFLICT (job_id) DO UPDATE SET backfill_id = excluded.backfill_id, state = excluded.state, total = excluded.total,
    concurrency = excluded.concurrency, is_latest_first = excluded.is_latest_first, counts = excluded.counts,
    created_at = excluded.created_at, touched_at = excluded.touched_at;
  DELETE FROM backfill_times WHERE job_id = of_job;
  INSERT INTO backfill_times (job_id, fire_at)
    SELECT of_job, value::bigint FROM jsonb_array_elements_text(b -> 'fireTimes') ON CONFLICT DO NOTHING;
  PERFORM feed_backfill(of_job, now_ms);
END
$$;

-- The runs may be taken as soon as their jobs exist, and find their steps then.
CREATE FUNCTION import_steps(records jsonb, now_ms bigint) RETURNS void LANGUAGE sql AS $$
  INSERT INTO step_runs (job_id, run_id, fire_at, saved_at)
    SELECT DISTINCT ON (value ->> 'runId') value ->> 'jobId', value ->> 'runId', (value ->> 'fireAt')::bigint, now_ms
    FROM jsonb_array_elements(records) WHERE value ->> 'kind' = 'step'
    ON CONFLICT DO NOTHING;
  INSERT INTO steps (job_id, run_id, name, record)
    SELECT DISTINCT ON (value ->> 'runId', value ->> 'name')
      value ->> 'jobId', value ->> 'runId', value ->> 'name', value ->> 'record'
    FROM jsonb_array_elements(records) WHERE value ->> 'kind' = 'step'
    ORDER BY value ->> 'runId', value ->> 'name', (value ->> 'place')::bigint DESC
    ON CONFLICT (run_id, name) DO UPDATE SET record = excluded.record;
$$;

CREATE FUNCTION import_job(r jsonb, actor jsonb, now_ms bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  job jobs;
  next jsonb := CASE r ->> 'state' WHEN 'active' THEN r #> '{upcoming,0}' END;
  policy jsonb := r -> 'policy';
BEGIN
  INSERT INTO jobs (id, pipeline, definition, declared, schedule, revision, generation, state, watermark, next_fire_at,
    next_due_at, max_instances, is_coalescing, grace_ms, max_catch_up, condition, sees, wait_ms, overlap, group_key, group_limit,
    pause_after, keep_count, keep_age_ms, paused_at, paused_reason, paused_until, finished_at, counts, last_run, last_verdict,
    last_scheduled_run, last_success_at,
    success_streak, failures_in_a_row, owner, handed_over)
  SELECT r ->> 'jobId', r ->> 'pipeline', r ->> 'definition', r ->> 'declared', r ->> 'schedule', n, n, r ->> 'state',
    (r ->> 'watermark')::bigint, (next ->> 'fireAt')::bigint, (next ->> 'dueAt')::bigint,
    (policy ->> 'maxInstances')::integer, (policy ->> 'coalesce')::boolean, (policy ->> 'graceMs')::bigint,
    (policy ->> 'maxCatchUp')::integer, policy -> 'condition', policy -> 'sees', (policy ->> 'waitMs')::bigint, policy ->> 'overlap',
    policy ->> 'groupKey', (policy ->> 'groupLimit')::integer, (policy ->> 'pauseAfter')::integer,
    (policy ->> 'keepCount')::integer, (policy ->> 'keepAgeMs')::bigint,
    (r ->> 'pausedAt')::bigint, r ->> 'pausedReason', (r ->> 'pausedUntil')::bigint, (r ->> 'finishedAt')::bigint, r -> 'counts',
    r -> 'lastRun', r #>> '{lastRun,verdict}', r -> 'lastScheduledRun',
    (r ->> 'lastSuccessAt')::bigint, (r ->> 'successStreak')::integer, (r ->> 'failuresInARow')::integer,
    policy ->> 'owner', (r ->> 'handedOver')::jsonb
  FROM nextval('{{fleet_numbers}}') AS n
  RETURNING * INTO job;
  PERFORM list_job(job.id, job.pipeline, r -> 'listed');
  IF job.state = 'active' THEN
    PERFORM add_next(job.id, job.pipeline, job.generation, r -> 'upcoming', now_ms);
  END IF;
  INSERT INTO queued_runs (job_id, run_id, kind, fire_at, due_at, from_at, count, params, ignore_condition, wait_until,
    requested_by)
    SELECT job.id, q ->> 'id', q ->> 'kind', (q ->> 'fireAt')::bigint, (q ->> 'dueAt')::bigint,
      (q ->> 'fromAt')::bigint, (q ->> 'count')::integer, q ->> 'params', q ? 'ignoreCondition',
      (q ->> 'waitUntil')::bigint, q -> 'by'
    FROM jsonb_array_elements(r -> 'queued') AS q ON CONFLICT DO NOTHING;
  PERFORM import_run(job.id, run, now_ms) FROM jsonb_array_elements(r -> 'runs') AS run;
  PERFORM import_cleaned(r);
  PERFORM note_timed(job.id, (r ->> 'changesAt')::bigint);
  UPDATE ledgers SET expires_at = NULL WHERE job_id = job.id;
  IF job.condition IS NOT NULL THEN PERFORM link_condition(job.id, job.condition, job.wait_ms); END IF;
  INSERT INTO skips (job_id, fire_at, due_at, reason, requested_by, asked_at)
    SELECT job.id, (s ->> 'fireAt')::bigint, (s ->> 'dueAt')::bigint, s ->> 'reason', s -> 'by', (s ->> 'at')::bigint
    FROM jsonb_array_elements(r -> 'skips') AS s;
  IF r -> 'skips' <> '[]' THEN PERFORM note_first(job.id); END IF;
  IF r ? 'backfill' THEN PERFORM import_backfill(job.id, r -> 'backfill', now_ms); END IF;
  -- Runs that wait for a condition are looked at, which also sets the next wakeup.
  IF job.wait_ms IS NOT NULL AND r -> 'queued' <> '[]' THEN
    PERFORM wake_job(job.id, job.pipeline, now_ms);
  ELSE
    PERFORM wake_for_queued(job, now_ms);
  END IF;
  RETURN jsonb_build_object('name', 'JOB_ADDED', 'at', now_ms, 'jobId', job.id, 'by', actor) || owner_field(job.owner);
END
$$;

CREATE FUNCTION import_request(r jsonb, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  job jobs;
BEGIN
  SELECT * INTO job FROM jobs WHERE id = r ->> 'jobId';
  IF NOT FOUND THEN RETURN; END IF;
  INSERT INTO run_requests (job_id, run_id, fire_at, params, ignore_condition, requested_by)
  VALUES (job.id, r ->> 'runId', (r ->> 'fireAt')::bigint, r ->> 'params', r ? 'ignoreCondition', r -> 'by') ON CONFLICT DO NOTHING;
  PERFORM add_queue_job(r ->> 'runId', job.pipeline, (r ->> 'fireAt')::bigint, now_ms);
END
$$;

-- Rows that exist are not added again. Those of jobs that do not exist are kept until `keepUntil`, or for a week, within which
-- their job should follow.
CREATE FUNCTION import_ledger(records jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  week_ms constant bigint := 604800000;
BEGIN
  WITH given AS (
    SELECT DISTINCT ON (job_id, run_id) (value ->> 'place')::bigint AS place, value ->> 'jobId' AS job_id,
      value ->> 'id' AS run_id, (value ->> 'row')::jsonb AS l, (value ->> 'keepUntil')::bigint AS keep_until
    FROM jsonb_array_elements(records) WHERE value ->> 'kind' = 'ledger'
    ORDER BY job_id, run_id, place
  ), added AS (
    INSERT INTO ledger (job_id, run_id, verdict, kind, fire_at, due_at, from_at, count, decided_at, started_at,
      finished_at, attempt, worker, reason, coalesced_into, facts, result, error, owner, requested_by, cancelled_by, note, at)
    SELECT job_id, run_id, l ->> 'state', l ->> 'kind', (l ->> 'fireAt')::bigint, (l ->> 'dueAt')::bigint,
      (l ->> 'fromAt')::bigint, (l ->> 'count')::integer, (l ->> 'decidedAt')::bigint, (l ->> 'startedAt')::bigint,
      (l ->> 'finishedAt')::bigint, (l ->> 'attempt')::integer, l ->> 'worker', l ->> 'reason', l ->> 'coalescedInto',
      l -> 'facts', (l ->> 'result')::json, (l ->> 'error')::json, l ->> 'owner', l -> 'by', l -> 'cancelledBy', l ->> 'note',
      COALESCE((l ->> 'finishedAt')::bigint, (l ->> 'decidedAt')::bigint, (l ->> 'fireAt')::bigint)
    FROM given g WHERE NOT EXISTS (
      SELECT 1 FROM ledger WHERE job_id = g.job_id AND fire_at = (g.l ->> 'fireAt')::bigint AND run_id = g.run_id)
    ORDER BY place
    RETURNING job_id
  )
  INSERT INTO ledgers AS kept (job_id, row_count, expires_at)
  SELECT job_id, (SELECT count(*) FROM added WHERE added.job_id = given.job_id),
    CASE WHEN NOT EXISTS (SELECT 1 FROM jobs WHERE id = given.job_id)
      THEN COALESCE(max(keep_until), server_now(NULL) + week_ms) END
  FROM given GROUP BY job_id
  ON CONFLICT (job_id) DO UPDATE SET row_count = kept.row_count + excluded.row_count,
    expires_at = CASE WHEN excluded.expires_at IS NOT NULL THEN GREATEST(kept.expires_at, excluded.expires_at) END;
END
$$;

CREATE FUNCTION import_revisions(records jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  week_ms constant bigint := 604800000;
  r jsonb;
BEGIN
  FOR r IN SELECT value FROM jsonb_array_elements(records) WITH ORDINALITY WHERE value ->> 'kind' = 'revision' ORDER BY ordinality
  LOOP
    IF NOT has_revision(r ->> 'jobId', (r ->> 'revision')::jsonb) THEN
      PERFORM add_revision(r ->> 'jobId', (r ->> 'revision')::jsonb);
    END IF;
    IF NOT EXISTS (SELECT 1 FROM jobs WHERE id = r ->> 'jobId') THEN
      INSERT INTO ledgers AS kept (job_id, row_count, expires_at)
      VALUES (r ->> 'jobId', 0, COALESCE((r ->> 'keepUntil')::bigint, server_now(NULL) + week_ms))
      ON CONFLICT (job_id) DO UPDATE SET expires_at = GREATEST(kept.expires_at, excluded.expires_at);
    END IF;
  END LOOP;
END
$$;

CREATE FUNCTION import_records(step jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  -- How long an import may be interrupted.
  week_ms constant bigint := 604800000;
  -- Others may draw numbers between the look at the sequence and its change.
  margin constant bigint := 10000;
  reached bigint := 0;
  records jsonb;
  existing jsonb;
  r jsonb;
  given jsonb[];
  ids text[];
  groups text[];
  events jsonb[] := '{}';
BEGIN
  PERFORM lock_claims(true);
  IF jsonb_array_length(step -> 'records') > 0 THEN
    INSERT INTO imports (id, place, ends_at) VALUES (step ->> 'importId', 0, server_now(NULL) + week_ms)
    ON CONFLICT DO NOTHING;
  END IF;
  SELECT place INTO reached FROM imports WHERE id = step ->> 'importId' FOR UPDATE;
  reached := COALESCE(reached, 0);
  SELECT COALESCE(jsonb_agg(value ORDER BY ordinality), '[]') INTO records
  FROM jsonb_array_elements(step -> 'records') WITH ORDINALITY WHERE (value ->> 'place')::bigint > reached;
  IF records <> '[]' THEN
    PERFORM lock_catalog();
    SELECT array_agg(value) INTO given FROM jsonb_array_elements(records) WHERE value ->> 'kind' NOT IN ('ledger', 'revision');
    SELECT array_agg(DISTINCT id) INTO ids FROM (
      SELECT one ->> 'jobId' AS id FROM unnest(given) AS one UNION ALL
      SELECT unnest(waits_for(one #> '{policy,condition}', (one #>> '{policy,waitMs}')::bigint)) FROM unnest(given) AS one
      WHERE one #> '{policy,condition}' IS NOT NULL) AS named;
    groups := ARRAY(SELECT key FROM (
      SELECT one #>> '{policy,groupKey}' AS key FROM unnest(given) AS one UNION
      SELECT run ->> 'groupKey' FROM unnest(given) AS one, jsonb_array_elements(one -> 'runs') AS run
      WHERE one ? 'runs') AS keys WHERE key IS NOT NULL);
    groups := lock_jobs(COALESCE(ids, '{}'), groups);
  END IF;
  SELECT jsonb_agg(value -> 'jobId') INTO existing FROM jsonb_array_elements(records) WHERE value ->> 'kind' = 'job'
    AND (EXISTS (SELECT 1 FROM jobs WHERE id = value ->> 'jobId')
      OR NOT value ? 'claim' AND EXISTS (SELECT 1 FROM homes WHERE job_id = value ->> 'jobId'));
  IF existing IS NOT NULL THEN RETURN jsonb_build_object('place', reached, 'existing', existing); END IF;
  IF EXISTS (SELECT 1 FROM jsonb_array_elements(records), fence WHERE (value ->> 'claim')::bigint <= claim) THEN
    RETURN jsonb_build_object('place', reached, 'void', true);
  END IF;
  IF records <> '[]' THEN
    IF (SELECT last_value FROM {{fleet_numbers}}) < (step ->> 'sequence')::bigint THEN
      PERFORM setval('{{fleet_numbers}}', (step ->> 'sequence')::bigint + margin);
    END IF;
    now_ms := server_now(now_ms);
    PERFORM import_ledger(records);
    PERFORM import_revisions(records);
    PERFORM import_steps(records, now_ms);
    FOR r IN SELECT value FROM jsonb_array_elements(records) LOOP
      CASE r ->> 'kind'
        WHEN 'job' THEN events := events || import_job(r, step -> 'by', now_ms);
        WHEN 'removed-job' THEN
          PERFORM import_cleaned(r);
          PERFORM import_run(r ->> 'jobId', run, now_ms) FROM jsonb_array_elements(r -> 'runs') AS run;
        WHEN 'request' THEN PERFORM import_request(r, now_ms);
        ELSE NULL;
      END CASE;
    END LOOP;
    -- Other jobs may have waited for these.
    PERFORM wake_dependents(ARRAY(SELECT one ->> 'jobId' FROM unnest(given) AS one WHERE one ->> 'kind' = 'job'), now_ms);
    PERFORM wake_groups(groups, now_ms);
    events := events || tell_finished(COALESCE(ids, '{}'), now_ms);
    reached := (records -> -1 ->> 'place')::bigint;
    UPDATE imports SET place = reached, ends_at = server_now(NULL) + week_ms WHERE id = step ->> 'importId';
  END IF;
  IF (step ->> 'isDone')::boolean THEN DELETE FROM imports WHERE id = step ->> 'importId'; END IF;
  PERFORM append_entry(events, max_entries);
  RETURN jsonb_build_object('place', reached);
-- Another call added one of the jobs in the meantime; what was stored is rolled back.
EXCEPTION WHEN unique_violation THEN
  SELECT jsonb_agg(id) INTO existing FROM jobs WHERE id IN (
    SELECT value ->> 'jobId' FROM jsonb_array_elements(records) WHERE value ->> 'kind' = 'job');
  IF existing IS NULL THEN RAISE; END IF;
  RETURN jsonb_build_object('place', 0, 'existing', existing);
END
$$;
