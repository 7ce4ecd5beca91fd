/*
admit: decides, for queue jobs that workers took, which occurrences run now and what becomes of the others.

requests     JSON array of AdmitRequest, times in epoch ms
now_ms       epoch ms; null = the server's clock
max_entries  entries that the event log keeps, about
Returns a JSON array with one answer for each request, in order:
  {"o":"run","run":{...},"revision":n}       execute it
  {"o":"none"}                               nothing to run, or the lock of the queue job is gone
  {"o":"early","waitMs":n}                   not due yet by this clock
  {"o":"behind","watermark":n,"revision":n}  ask again with the occurrences after the watermark, by this revision
Each answer also holds "now" and, if occurrences were decided that will not run, "told": the events that say so, the latest 20.
*/

-- Whether the request is so old, or made by such an old definition, that it does not list everything that is due. A worker's
-- list may be a second old, which covers round trips and clocks that differ a little.
CREATE FUNCTION is_outdated(job jobs, r jsonb, now_ms bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE((r #>> '{upcoming,0,dueAt}')::bigint + 1000 <= now_ms, false)
    OR (r ? 'older' AND (r ->> 'revision')::bigint < job.revision)
$$;

-- Moves the schedule on, and decides what is due. Answers at once if that can't be decided now; returns no answer if nothing is
-- due.
CREATE FUNCTION decide_due(job jobs, r jsonb, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  due occurrences[];
  early jsonb;
  upcoming jsonb;
  older occurrences;
  skipped bigint[];
  of_skips jsonb[] := '{}';
BEGIN
  d.events := '{}';
  SELECT array_agg(ROW(o.fire, o.fire, o.due, 1, NULL, NULL)::occurrences ORDER BY ord) FILTER (WHERE o.due <= now_ms),
    (array_agg(o.item ORDER BY ord) FILTER (WHERE o.due > now_ms))[1]
  INTO due, early
  FROM (SELECT item, (item ->> 'fireAt')::bigint AS fire, (item ->> 'dueAt')::bigint AS due, ord
    FROM jsonb_array_elements(r -> 'latest') WITH ORDINALITY AS l(item, ord)) AS o
  WHERE o.fire > job.watermark;
  IF (r #>> '{older,toAt}')::bigint > job.watermark THEN
    older := ROW((r -> 'older' ->> 'fromAt')::bigint, (r -> 'older' ->> 'toAt')::bigint, (r -> 'older' ->> 'dueAt')::bigint,
      (r -> 'older' ->> 'count')::integer, NULL, NULL)::occurrences;
  END IF;
  IF due IS NULL AND (early IS NULL OR older.fire_at IS NULL) THEN
    IF early IS NOT NULL THEN
      d.answer := jsonb_build_object('o', 'early', 'waitMs', (early ->> 'dueAt')::bigint - now_ms);
    END IF;
    RETURN d;
  END IF;
  -- With both older and early: the list was too short, and what is early took the place of something that is due.
  IF (r ->> 'base')::bigint > job.watermark OR older.from_at <= job.watermark
    OR (older.fire_at IS NOT NULL AND early IS NOT NULL) OR is_outdated(job, r, now_ms) THEN
    d.answer := jsonb_build_object('o', 'behind', 'watermark', job.watermark, 'revision', job.revision);
    RETURN d;
  END IF;
  -- One that only the worker's clock took for due comes first.
  upcoming := CASE WHEN early IS NULL THEN '[]' ELSE jsonb_build_array(early) END || (r -> 'upcoming');
  UPDATE jobs SET watermark = due[cardinality(due)].fire_at,
    next_fire_at = (upcoming #>> '{0,fireAt}')::bigint, next_due_at = (upcoming #>> '{0,dueAt}')::bigint
  WHERE id = job.id;
  PERFORM add_next(job.id, job.pipeline, job.generation, upcoming, now_ms);
  IF job.skip_at <= due[cardinality(due)].fire_at THEN
    SELECT s.decided, s.events INTO skipped, of_skips FROM decide_skips(job, due[cardinality(due)].fire_at, now_ms) AS s;
    due := ARRAY(SELECT o FROM unnest(due) AS o WHERE o.fire_at <> ALL (skipped) ORDER BY o.fire_at);
  END IF;
  -- Without a due one there is no older one either.
  IF cardinality(due) = 0 THEN
    d := take_queued(job, r, now_ms);
  ELSIF job.is_coalescing THEN
    d := decide_together(job, r, due, older, now_ms);
  ELSE
    d := decide_singly(job, r, due, older, now_ms);
  END IF;
  IF cardinality(of_skips) > 0 THEN d := join_events(of_skips, d); END IF;
  IF upcoming = '[]' THEN UPDATE jobs SET state = 'finished' WHERE id = job.id; END IF;
  -- An answer even if nothing runs: the schedule was looked at.
  IF (d.held).run_id IS NULL THEN d.answer := '{"o":"none"}'; END IF;
  RETURN d;
END
$$;

-- Acknowledges a wakeup: from here on it does not count as one any more. `is_early`: it is for an instant that has not come.
CREATE FUNCTION ack_wake(job jobs, r jsonb, now_ms bigint, OUT is_early boolean) LANGUAGE plpgsql AS $$
BEGIN
  is_early := false;
  IF job.wakeup_id = r ->> 'queueJobId' THEN
    is_early := job.wakeup_at > now_ms;
    IF NOT is_early THEN UPDATE jobs SET wakeup_id = NULL, wakeup_at = NULL WHERE id = job.id; END IF;
  ELSE
    DELETE FROM wakeups WHERE queue_job_id = r ->> 'queueJobId';
  END IF;
END
$$;

-- The places of the requests that the server got to too late: the queue job is no longer that worker's. A run that an earlier
-- call of the same request started did not crash.
CREATE FUNCTION refuse_late(requests jsonb) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  late bigint[];
BEGIN
  late := ARRAY(SELECT ordinality FROM jsonb_array_elements(requests) WITH ORDINALITY AS l(r, ordinality)
    WHERE r ? 'lock' AND NOT EXISTS (SELECT FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}'
      AND id = r ->> 'queueJobId' AND state = 'active' AND lock_token = r ->> 'lock' AND locked_until_ms > server_now(NULL)));
  IF cardinality(late) > 0 THEN
    UPDATE running_runs SET is_alive = true FROM jsonb_array_elements(requests) WITH ORDINALITY AS l(r, ordinality)
    WHERE ordinality = ANY (late) AND job_id = r ->> 'jobId' AND queue_job_id = r ->> 'queueJobId' AND take = r ->> 'take';
  END IF;
  RETURN late;
END
$$;

CREATE FUNCTION admit_one(r jsonb, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  job jobs;
  held running_runs;
  kind text := r ->> 'kind';
BEGIN
  SELECT * INTO job FROM jobs WHERE id = r ->> 'jobId' FOR UPDATE;
  SELECT * INTO held FROM running_runs
    WHERE job_id = r ->> 'jobId' AND queue_job_id = r ->> 'queueJobId' FOR UPDATE;
  IF FOUND THEN RETURN take_over(job, r, held, now_ms); END IF;
  d.events := '{}';
  d.answer := '{"o":"none"}';
  IF job.id IS NULL THEN RETURN d; END IF;
  IF kind = 'backfill' THEN RETURN admit_backfill(job, r, now_ms); END IF;
  IF kind = 'wakeup' AND ack_wake(job, r, now_ms) THEN
    d.answer := jsonb_build_object('o', 'early', 'waitMs', job.wakeup_at - now_ms);
    RETURN d;
  END IF;
  IF kind = 'manual' THEN
    d := admit_manual(job, r, now_ms);
  ELSE
    -- What waits in a paused job was requested by a person.
    IF kind = 'occurrence' AND job.state = 'paused' THEN RETURN d; END IF;
    d.answer := NULL;
    IF kind = 'occurrence' AND (r ->> 'knowsSchedule')::boolean AND job.state = 'active'
      AND (r ->> 'generation')::bigint = job.generation THEN
      d := decide_due(job, r, now_ms);
      IF d.answer ->> 'o' IN ('early', 'behind') THEN RETURN d; END IF;
    END IF;
    IF (d.held).run_id IS NULL AND d.answer IS NULL THEN d := take_queued(job, r, now_ms); END IF;
    -- The wakeup may also be for its backfill, which was in its group's line.
    IF kind = 'wakeup' AND leave_line(job, true) THEN PERFORM feed_backfill(job.id, now_ms); END IF;
  END IF;
  IF (d.held).run_id IS NOT NULL OR d.has_looked IS NOT TRUE THEN PERFORM wake_for_queued(job, now_ms); END IF;
  -- The run that was cancelled to make room is the last one by now.
  IF (d.held).run_id IS NOT NULL AND job.overlap = 'cancel-running' THEN
    SELECT last_run INTO job.last_run FROM jobs WHERE id = job.id;
  END IF;
  d.answer := CASE WHEN (d.held).run_id IS NULL THEN '{"o":"none"}' ELSE answer_run(job, d.held) END;
  RETURN d;
END
$$;

-- What the worker whose request decided it writes to its log, once for each occurrence that does not run.
CREATE FUNCTION told_of(d decision) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  max_told constant integer := 20;
  told jsonb;
BEGIN
  -- A start has two events of its own.
  IF cardinality(d.events) > 2 OR (d.held).run_id IS NULL AND cardinality(d.events) > 0 THEN
    SELECT jsonb_agg(event ORDER BY n) INTO told FROM (
      SELECT event, n FROM unnest(d.events) WITH ORDINALITY AS e(event, n)
      WHERE event ->> 'name' IN ('JOB_MISSED', 'JOB_MAX_INSTANCES', 'JOB_ERROR') ORDER BY n DESC LIMIT max_told) AS latest;
  END IF;
  RETURN CASE WHEN told IS NULL THEN '{}' ELSE jsonb_build_object('told', told) END;
END
$$;

CREATE FUNCTION admit(requests jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  r jsonb;
  place bigint;
  d decision;
  groups text[];
  late bigint[];
  changed text[] := '{}';
  ended text[] := '{}';
  events jsonb[] := '{}';
  answers jsonb := '{}';
BEGIN
  groups := lock_jobs(ARRAY(SELECT value ->> 'jobId' FROM jsonb_array_elements(requests)));
  late := refuse_late(requests);
  -- After the locks: waiting for them takes time, and lateness must not be judged by the time before.
  now_ms := server_now(now_ms);
  FOR r, place IN SELECT value, ordinality FROM jsonb_array_elements(requests) WITH ORDINALITY
    ORDER BY value ->> 'jobId', ordinality
  LOOP
    IF place = ANY (late) THEN
      answers := answers || jsonb_build_object(place::text, jsonb_build_object('o', 'none', 'now', now_ms));
      CONTINUE;
    END IF;
    d := admit_one(r, now_ms);
    events := events || d.events;
    -- Every start and end has an event.
    IF cardinality(d.events) > 0 THEN
      changed := changed || (r ->> 'jobId');
      -- A job of which a run starts here has not finished.
      IF (d.held).run_id IS NULL THEN ended := ended || (r ->> 'jobId'); END IF;
    END IF;
    answers := answers || jsonb_build_object(place::text, d.answer || told_of(d) || jsonb_build_object('now', now_ms));
  END LOOP;
  PERFORM wake_dependents(changed, now_ms);
  PERFORM wake_groups(groups, now_ms);
  PERFORM append_entry(events || tell_finished(ended, now_ms), max_entries);
  RETURN (SELECT jsonb_agg(value ORDER BY key::bigint) FROM jsonb_each(answers));
END
$$;
