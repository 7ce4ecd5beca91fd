/*
admit: decides, for queue jobs that workers took, which occurrences run now and what becomes of the others.

requests     JSON array of AdmitRequest, times in epoch ms
now_ms       epoch ms; null = the server's clock
max_entries  entries that the event log keeps, about
Returns a JSON array with one answer for each request, in order:
  {"o":"run","run":{...},"revision":n}  execute it
  {"o":"none"}                           nothing to run
  {"o":"early","waitMs":n}               not due yet by this clock
  {"o":"behind","watermark":n,"revision":n}
                                         ask again with the occurrences after the watermark, by this revision
Each answer also holds "now".
*/

-- What one request came to: the run that it starts if any, or an answer, and the events of both.
CREATE TYPE decision AS (held instances, answer jsonb, told jsonb[]);

CREATE FUNCTION event_of_run(event_name text, held instances, now_ms bigint) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('name', event_name, 'at', now_ms, 'jobId', held.job_id, 'runId', held.run_id,
    'fireAt', held.fire_at, 'attempt', held.attempt, 'worker', held.worker)
$$;

CREATE FUNCTION answer_run(job jobs, held instances) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object('o', 'run', 'revision', COALESCE(job.revision, 0),
    'run', jsonb_build_object('runId', held.run_id, 'kind', held.kind, 'fireAt', held.fire_at, 'dueAt', held.due_at,
      'startedAt', held.started_at, 'attempt', held.attempt, 'count', held.count, 'fromAt', held.from_at,
      'params', held.params, 'lastRun', job.last_run)))
$$;

-- Reserves an instance. `run` has its id, kind, times, count and params.
CREATE FUNCTION start_run(job jobs, r jsonb, run instances, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
BEGIN
  run.job_id := job.id;
  run.queue_job_id := r ->> 'queueJobId';
  run.pipeline := job.pipeline;
  run.started_at := now_ms;
  run.attempt := 1;
  run.crashes := 0;
  run.worker := r ->> 'worker';
  run.take := r ->> 'take';
  run.is_handed_back := false;
  INSERT INTO instances SELECT run.*;
  d.held := run;
  d.told := ARRAY[event_of_run('JOB_SUBMITTED', run, now_ms) - 'attempt', event_of_run('JOB_STARTED', run, now_ms)];
  RETURN d;
END
$$;

CREATE FUNCTION start_scheduled(
  job jobs, r jsonb, span occurrences, schedule_generation bigint, now_ms bigint
) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  run instances;
BEGIN
  run.run_id := wake_up_id(job.id, '', schedule_generation, span.fire_at);
  run.kind := 'scheduled';
  run.fire_at := span.fire_at;
  run.due_at := span.due_at;
  run.from_at := span.from_at;
  run.count := span.count;
  RETURN start_run(job, r, run, now_ms);
END
$$;

-- The run of this queue job began before and did not end: its process died, or gave it back.
CREATE FUNCTION take_over(job jobs, r jsonb, held instances, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
BEGIN
  d.told := '{}';
  -- The same request again: its answer was lost with a connection.
  IF held.take = r ->> 'take' THEN
    d.answer := answer_run(job, held);
    RETURN d;
  END IF;
  held.take := r ->> 'take';
  IF NOT held.is_handed_back THEN held.crashes := held.crashes + 1; END IF;
  held.is_handed_back := false;
  IF held.crashes >= (r ->> 'maxCrashes')::integer THEN
    d.told := ARRAY[finish_run(held, ROW('failed', now_ms, NULL, jsonb_build_object('name', 'CronduitError',
      'code', 'RUN_CRASHED', 'message', format('crashed: the process died in each of %s starts', held.crashes))::text,
      COALESCE(job.keep_count, 1000), COALESCE(job.keep_age_ms, 604800000))::ending, now_ms)];
    PERFORM call_for_queued(job, now_ms);
    d.answer := '{"o":"none"}';
    RETURN d;
  END IF;
  held.attempt := held.attempt + 1;
  held.worker := r ->> 'worker';
  held.started_at := now_ms;
  UPDATE instances SET take = held.take, is_handed_back = false, crashes = held.crashes, attempt = held.attempt,
    worker = held.worker, started_at = now_ms
  WHERE job_id = held.job_id AND queue_job_id = held.queue_job_id;
  d.told := ARRAY[event_of_run('JOB_STARTED', held, now_ms)];
  d.answer := answer_run(job, held);
  RETURN d;
END
$$;

CREATE FUNCTION admit_manual(job jobs, r jsonb, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  request asked;
  run instances;
  entry ledger;
BEGIN
  d.told := '{}';
  d.answer := '{"o":"none"}';
  DELETE FROM asked WHERE job_id = job.id AND run_id = r ->> 'queueJobId' RETURNING * INTO request;
  IF NOT FOUND THEN RETURN d; END IF;
  IF is_full(job) THEN
    entry.job_id := job.id;
    entry.run_id := request.run_id;
    entry.verdict := 'skipped';
    entry.kind := 'manual';
    entry.fire_at := request.fire_at;
    entry.due_at := request.fire_at;
    entry.decided_at := now_ms;
    entry.reason := 'max-instances';
    PERFORM record(entry, job.keep_count, job.keep_age_ms, now_ms);
    d.told := ARRAY[jsonb_build_object('name', 'JOB_MAX_INSTANCES', 'at', now_ms, 'jobId', job.id,
      'runId', request.run_id, 'fireAt', request.fire_at, 'count', 1)];
    RETURN d;
  END IF;
  run.run_id := request.run_id;
  run.kind := 'manual';
  run.fire_at := request.fire_at;
  run.due_at := request.fire_at;
  run.from_at := request.fire_at;
  run.count := 1;
  run.params := request.params;
  d := start_run(job, r, run, now_ms);
  d.answer := answer_run(job, d.held);
  RETURN d;
END
$$;

CREATE FUNCTION is_late(job jobs, due_at bigint, now_ms bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT job.grace_ms IS NOT NULL AND now_ms - due_at > job.grace_ms
$$;

-- With coalesce: one decision for all, by the latest. `due` is in order, oldest first; `older` stands before it.
CREATE FUNCTION decide_together(
  job jobs, r jsonb, due occurrences[], older occurrences, now_ms bigint
) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  together occurrences := due[cardinality(due)];
  others occurrences;
  told jsonb;
BEGIN
  d.told := '{}';
  together.from_at := COALESCE(older.from_at, due[1].fire_at);
  together.count := cardinality(due) + COALESCE(older.count, 0);
  IF is_late(job, together.due_at, now_ms) THEN
    d.told := ARRAY[decide_against(job, together, 'missed', 'JOB_MISSED', now_ms)];
    RETURN d;
  END IF;
  IF is_full(job) THEN
    d.told := ARRAY[decide_against(job, together, 'skipped', 'JOB_MAX_INSTANCES', now_ms, 'max-instances')];
    RETURN d;
  END IF;
  IF together.count > 1 THEN
    others := CASE WHEN cardinality(due) > 1 THEN due[cardinality(due) - 1] ELSE older END;
    others.from_at := together.from_at;
    others.count := together.count - 1;
    told := decide_against(job, others, 'coalesced', 'JOB_COALESCED', now_ms, NULL,
      wake_up_id(job.id, '', job.generation, together.fire_at));
  END IF;
  d := start_scheduled(job, r, together, job.generation, now_ms);
  IF told IS NOT NULL THEN d.told := told || d.told; END IF;
  RETURN d;
END
$$;

-- Takes the oldest queued occurrence that is not too late by now, if an instance is free.
CREATE FUNCTION take_queued(job jobs, r jsonb, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  queued pending;
  alone occurrences;
  told jsonb[] := '{}';
BEGIN
  WHILE NOT is_full(job) LOOP
    DELETE FROM pending WHERE (job_id, fire_at, generation) = (
      SELECT p.job_id, p.fire_at, p.generation FROM pending p WHERE p.job_id = job.id
      ORDER BY p.fire_at, p.generation LIMIT 1)
    RETURNING * INTO queued;
    EXIT WHEN NOT FOUND;
    alone := ROW(queued.fire_at, queued.fire_at, queued.due_at, 1, queued.generation)::occurrences;
    IF is_late(job, queued.due_at, now_ms) THEN
      told := told || decide_against(job, alone, 'missed', 'JOB_MISSED', now_ms);
    ELSE
      d := start_scheduled(job, r, alone, queued.generation, now_ms);
      d.told := told || d.told;
      RETURN d;
    END IF;
  END LOOP;
  d.told := told;
  RETURN d;
END
$$;

-- Without coalesce: each alone, oldest first; those that must wait for an instance are queued.
CREATE FUNCTION decide_singly(
  job jobs, r jsonb, due occurrences[], older occurrences, now_ms bigint
) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  missed occurrences[] := '{}';
  runnable occurrences[] := '{}';
  told jsonb[] := '{}';
BEGIN
  FOR i IN 1 .. cardinality(due) LOOP
    IF cardinality(due) - i >= job.max_catch_up OR is_late(job, due[i].due_at, now_ms) THEN
      missed := missed || due[i];
    ELSE
      runnable := runnable || due[i];
    END IF;
  END LOOP;
  IF older.fire_at IS NOT NULL OR cardinality(missed) > 0 THEN
    told := decide_each(job, missed, older, 'missed', 'JOB_MISSED', now_ms);
  END IF;
  IF cardinality(runnable) > 0 AND is_full(job) THEN
    d.told := told || decide_each(job, runnable, NULL, 'skipped', 'JOB_MAX_INSTANCES', now_ms, 'max-instances');
    RETURN d;
  END IF;
  INSERT INTO pending (job_id, fire_at, generation, due_at)
    SELECT job.id, o.fire_at, job.generation, o.due_at FROM unnest(runnable) AS o ON CONFLICT DO NOTHING;
  d := take_queued(job, r, now_ms);
  d.told := told || d.told;
  RETURN d;
END
$$;

-- Whether the request was made so long ago, or by such an old definition, that what it lists is not all that is due. A
-- worker's list may be a second old, which covers round trips and clocks that differ a little.
CREATE FUNCTION is_outdated(job jobs, r jsonb, now_ms bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE((r #>> '{upcoming,0,dueAt}')::bigint + 1000 <= now_ms, false)
    OR (r ? 'older' AND (r ->> 'revision')::bigint < job.revision)
$$;

-- Decides what the request found due, and moves the schedule; answers at once if it can't be decided now, and with
-- nothing if nothing is due.
CREATE FUNCTION decide_due(job jobs, r jsonb, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  due occurrences[];
  early jsonb;
  upcoming jsonb;
  older occurrences;
BEGIN
  d.told := '{}';
  SELECT array_agg(ROW(o.fire, o.fire, o.due, 1, NULL)::occurrences ORDER BY ord) FILTER (WHERE o.due <= now_ms),
    (array_agg(o.item ORDER BY ord) FILTER (WHERE o.due > now_ms))[1]
  INTO due, early
  FROM (SELECT item, (item ->> 'fireAt')::bigint AS fire, (item ->> 'dueAt')::bigint AS due, ord
    FROM jsonb_array_elements(r -> 'latest') WITH ORDINALITY AS l(item, ord)) AS o
  WHERE o.fire > job.watermark;
  IF (r #>> '{older,toAt}')::bigint > job.watermark THEN
    older := ROW((r -> 'older' ->> 'fromAt')::bigint, (r -> 'older' ->> 'toAt')::bigint, NULL,
      (r -> 'older' ->> 'count')::integer, NULL)::occurrences;
  END IF;
  IF due IS NULL AND (early IS NULL OR older.fire_at IS NULL) THEN
    IF early IS NOT NULL THEN
      d.answer := jsonb_build_object('o', 'early', 'waitMs', (early ->> 'dueAt')::bigint - now_ms);
    END IF;
    RETURN d;
  END IF;
  -- With both older and early: what is early took the place of what is due, in a list that was too short for both.
  IF (r ->> 'base')::bigint > job.watermark OR older.from_at <= job.watermark
    OR (older.fire_at IS NOT NULL AND early IS NOT NULL) OR is_outdated(job, r, now_ms) THEN
    d.answer := jsonb_build_object('o', 'behind', 'watermark', job.watermark, 'revision', job.revision);
    RETURN d;
  END IF;
  -- One that the worker's clock took for due comes before those that it took for later.
  upcoming := CASE WHEN early IS NULL THEN '[]' ELSE jsonb_build_array(early) END || (r -> 'upcoming');
  UPDATE jobs SET watermark = due[cardinality(due)].fire_at,
    next_fire_at = (upcoming #>> '{0,fireAt}')::bigint, next_due_at = (upcoming #>> '{0,dueAt}')::bigint
  WHERE id = job.id;
  PERFORM add_occurrences(job.id, job.pipeline, job.generation, upcoming, now_ms);
  IF job.is_coalescing THEN
    d := decide_together(job, r, due, older, now_ms);
  ELSE
    d := decide_singly(job, r, due, older, now_ms);
  END IF;
  IF upcoming = '[]' THEN
    UPDATE jobs SET state = 'finished', finished_at = now_ms WHERE id = job.id;
    d.told := d.told || jsonb_build_object('name', 'JOB_FINISHED', 'at', now_ms, 'jobId', job.id);
  END IF;
  -- Says that the schedule was looked at, if nothing runs.
  IF (d.held).run_id IS NULL THEN d.answer := '{"o":"none"}'; END IF;
  RETURN d;
END
$$;

CREATE FUNCTION admit_one(r jsonb, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  job jobs;
  held instances;
BEGIN
  SELECT * INTO job FROM jobs WHERE id = r ->> 'jobId' FOR UPDATE;
  SELECT * INTO held FROM instances
    WHERE job_id = r ->> 'jobId' AND queue_job_id = r ->> 'queueJobId' FOR UPDATE;
  IF FOUND THEN RETURN take_over(job, r, held, now_ms); END IF;
  d.told := '{}';
  d.answer := '{"o":"none"}';
  IF job.id IS NULL THEN RETURN d; END IF;
  IF r ->> 'kind' = 'manual' THEN RETURN admit_manual(job, r, now_ms); END IF;
  IF job.state = 'paused' THEN RETURN d; END IF;
  d.answer := NULL;
  IF r ->> 'kind' = 'occurrence' AND (r ->> 'knowsSchedule')::boolean AND job.state = 'active'
    AND (r ->> 'generation')::bigint = job.generation THEN
    d := decide_due(job, r, now_ms);
    IF d.answer ->> 'o' IN ('early', 'behind') THEN RETURN d; END IF;
  END IF;
  IF (d.held).run_id IS NULL AND d.answer IS NULL THEN d := take_queued(job, r, now_ms); END IF;
  PERFORM call_for_queued(job, now_ms);
  d.answer := CASE WHEN (d.held).run_id IS NULL THEN '{"o":"none"}' ELSE answer_run(job, d.held) END;
  RETURN d;
END
$$;

CREATE FUNCTION admit(requests jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  r jsonb;
  place bigint;
  d decision;
  told jsonb[] := '{}';
  answers jsonb := '{}';
BEGIN
  PERFORM lock_jobs(ARRAY(SELECT value ->> 'jobId' FROM jsonb_array_elements(requests)));
  -- After the locks: time passes while one waits for them, and a lateness must not be judged by the time before.
  now_ms := server_now(now_ms);
  FOR r, place IN SELECT value, ordinality FROM jsonb_array_elements(requests) WITH ORDINALITY
    ORDER BY value ->> 'jobId', ordinality
  LOOP
    d := admit_one(r, now_ms);
    told := told || d.told;
    answers := answers || jsonb_build_object(place::text, d.answer || jsonb_build_object('now', now_ms));
  END LOOP;
  PERFORM append_entry(told, max_entries);
  RETURN (SELECT jsonb_agg(value ORDER BY key::bigint) FROM jsonb_each(answers));
END
$$;
