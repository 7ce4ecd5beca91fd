-- Runs: how one begins, is taken up again, and ends.

CREATE FUNCTION event_of_run(event_name text, held instances, now_ms bigint) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('name', event_name, 'at', now_ms, 'jobId', held.job_id, 'runId', held.run_id,
    'fireAt', held.fire_at, 'attempt', held.attempt, 'worker', held.worker)
$$;

CREATE FUNCTION answer_run(job jobs, held instances) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object('o', 'run', 'revision', COALESCE(job.revision, 0),
    'run', jsonb_build_object('runId', held.run_id, 'kind', held.kind, 'fireAt', held.fire_at, 'dueAt', held.due_at,
      'startedAt', held.started_at, 'start', held.start, 'attempt', held.attempt, 'failures', held.failures,
      'count', held.count, 'fromAt', held.from_at, 'params', held.params, 'lastRun', job.last_run)))
$$;

-- What one request came to: the run that it starts if any, or an answer, and the events of both. `is_looked`: what
-- waits in the queue was looked at, and can't be taken now.
CREATE TYPE decision AS (held instances, answer jsonb, told jsonb[], is_looked boolean);

-- A decision with what was told before it.
CREATE FUNCTION join_told(before jsonb[], d decision) RETURNS decision LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  d.told := before || d.told;
  RETURN d;
END
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
  run.attempt_at := now_ms;
  run.start := 1;
  run.attempt := 1;
  run.failures := 0;
  run.crashes := 0;
  run.worker := r ->> 'worker';
  run.take := r ->> 'take';
  run.group_key := job.group_key;
  run.is_handed_back := false;
  run.is_alive := false;
  run.crashed := '{}';
  INSERT INTO instances SELECT run.*;
  d.held := run;
  d.told := ARRAY[event_of_run('JOB_SUBMITTED', run, now_ms) - 'attempt', event_of_run('JOB_STARTED', run, now_ms)];
  RETURN d;
END
$$;

CREATE FUNCTION start_queued(job jobs, r jsonb, queued pending, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  run instances;
BEGIN
  run.run_id := queued.run_id;
  run.kind := queued.kind;
  run.fire_at := queued.fire_at;
  run.due_at := queued.due_at;
  run.from_at := queued.from_at;
  run.count := queued.count;
  run.params := queued.params;
  RETURN start_run(job, r, run, now_ms);
END
$$;

-- How a run ended; `result` and `error` are JSON text.
CREATE TYPE ending AS (verdict text, finished_at bigint, result text, error text, keep_count bigint, keep_age_ms bigint);

-- A verdict of ours on a run of this job, which may be gone.
CREATE FUNCTION ending_of(job jobs, verdict text, error text, now_ms bigint) RETURNS ending LANGUAGE sql IMMUTABLE AS $$
  SELECT ROW(verdict, now_ms, NULL, error, COALESCE(job.keep_count, 1000), COALESCE(job.keep_age_ms, 604800000))::ending
$$;

-- What an error tells, cut. What text can't hold, NUL and half surrogate pairs, becomes U+FFFD.
CREATE FUNCTION message_of(error text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT left(COALESCE(told ->> 'reason', told ->> 'message'), 200)
  FROM (SELECT regexp_replace(error, '(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})', '\1\\ufffd', 'g')::json AS told) AS clean
$$;

-- The job is not to run on and on without success. Older wake-ups become void, as with every change of the schedule.
CREATE FUNCTION pause_after_failures(job jobs, error text, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  why text := CASE job.failures_in_a_row WHEN 1 THEN '1 run failed: '
    ELSE format('%s runs failed in a row; the last: ', job.failures_in_a_row) END || COALESCE(message_of(error), '');
BEGIN
  UPDATE jobs SET state = 'paused', paused_at = now_ms, paused_reason = why, next_fire_at = NULL, next_due_at = NULL,
    revision = nextval('{{fleet_numbers}}'), generation = nextval('{{fleet_numbers}}')
  WHERE id = job.id;
  PERFORM drop_next(job);
  PERFORM hold_retries(job.id);
  RETURN drop_queued(job, 'paused', true, now_ms)
    || jsonb_build_object('name', 'JOB_PAUSED', 'at', now_ms, 'jobId', job.id, 'reason', why);
END
$$;

-- Ends a run: instance, ledger, counters. Returns its events.
CREATE FUNCTION finish_run(held instances, ended ending, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  entry ledger;
  job jobs;
  told jsonb[];
BEGIN
  DELETE FROM instances WHERE job_id = held.job_id AND queue_job_id = held.queue_job_id;
  entry.job_id := held.job_id;
  entry.run_id := held.run_id;
  entry.verdict := ended.verdict;
  entry.kind := held.kind;
  entry.fire_at := held.fire_at;
  entry.due_at := held.due_at;
  entry.started_at := held.attempt_at;
  entry.finished_at := ended.finished_at;
  entry.attempt := held.attempt;
  entry.worker := held.worker;
  entry.result := ended.result;
  entry.error := ended.error;
  PERFORM record(entry, ended.keep_count, ended.keep_age_ms, now_ms);
  UPDATE jobs SET
    -- The scheduled run that stood there is kept.
    last_scheduled_run = CASE WHEN held.kind <> 'scheduled' AND last_run ->> 'id' ~ ':\d+:\d+$' THEN last_run - 'result'
      ELSE last_scheduled_run END,
    last_run = jsonb_strip_nulls(jsonb_build_object('id', held.run_id, 'verdict', ended.verdict, 'fireAt', held.fire_at,
      'startedAt', held.attempt_at, 'finishedAt', ended.finished_at, 'result', ended.result)),
    counts = add_count(counts, ended.verdict, 1),
    last_success_at = CASE ended.verdict WHEN 'succeeded' THEN ended.finished_at ELSE last_success_at END,
    success_streak = CASE ended.verdict WHEN 'succeeded' THEN success_streak + 1 ELSE 0 END,
    failures_in_a_row = CASE ended.verdict WHEN 'succeeded' THEN 0 WHEN 'failed' THEN failures_in_a_row + 1
      ELSE failures_in_a_row END
  WHERE id = held.job_id RETURNING * INTO job;
  IF NOT FOUND THEN
    -- Of a removed job; the row that was just written may be the first of its ledger.
    UPDATE ledgers SET expires_at = server_now(NULL) + ended.keep_age_ms WHERE job_id = held.job_id;
  END IF;
  told := ARRAY[jsonb_strip_nulls(jsonb_build_object(
    'name', CASE ended.verdict WHEN 'succeeded' THEN 'JOB_EXECUTED' WHEN 'failed' THEN 'JOB_ERROR' ELSE 'JOB_CANCELLED' END,
    'at', now_ms, 'jobId', held.job_id, 'runId', held.run_id, 'fireAt', held.fire_at, 'attempt', held.attempt,
    'worker', held.worker, 'result', ended.result, 'error', ended.error))];
  IF ended.verdict = 'failed' AND job.state = 'active' AND job.failures_in_a_row >= job.pause_after THEN
    told := told || pause_after_failures(job, ended.error, now_ms);
  END IF;
  IF held.kind = 'backfill' THEN PERFORM end_backfill_run(held.job_id, ended.verdict, now_ms); END IF;
  RETURN told;
END
$$;

-- A run of a removed job does not go on: nothing says any more what it is to do.
CREATE FUNCTION end_removed(job jobs, held instances, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  why text := 'the job was removed before the run went on';
BEGIN
  IF held.suspended = 'retry' AND held.error IS NOT NULL THEN
    why := why || '; its last attempt failed: ' || COALESCE(message_of(held.error), '');
  END IF;
  PERFORM drop_queue_job(held.queue_job_id);
  RETURN finish_run(held, ending_of(job, 'cancelled', cancel_error(why), now_ms), now_ms);
END
$$;

-- Why a run ends that nobody ended.
CREATE FUNCTION crash_error(held instances) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('name', 'CronduitError', 'code', 'RUN_CRASHED', 'message', format(
    'crashed: %s (killed, out of memory, or cut off and not back): %s',
    CASE held.crashes WHEN 1 THEN 'its only start ended without a word from its worker'
      ELSE format('%s starts ended without a word from their workers', held.crashes) END,
    (SELECT string_agg(value, ', ' ORDER BY key::integer) FROM jsonb_each_text(held.crashed))))::text
$$;

-- Whether a worker executes a run on its last chance. It executes no second one beside it: when that process dies, it is
-- known why.
CREATE FUNCTION is_alone_taken(held instances, by_worker text, max_crashes integer) RETURNS boolean LANGUAGE sql AS $$
  SELECT EXISTS (SELECT 1 FROM instances AS other WHERE other.worker = by_worker AND other.crashes = max_crashes - 1
    AND suspended IS NULL AND NOT is_handed_back AND (other.job_id, other.queue_job_id) <> (held.job_id, held.queue_job_id))
$$;

-- Somebody wants a run to end. One that is not being executed ends now; of another its worker will be told.
-- `is_over`: it has its verdict.
CREATE FUNCTION cancel_held(job jobs, held instances, why text, now_ms bigint, OUT is_over boolean, OUT told jsonb[])
LANGUAGE plpgsql AS $$
BEGIN
  is_over := held.is_handed_back OR held.suspended IS NOT NULL;
  told := '{}';
  IF is_over THEN
    PERFORM drop_queue_job(held.queue_job_id);
    told := finish_run(held, ending_of(job, 'cancelled', cancel_error(why), now_ms), now_ms);
  ELSE
    UPDATE instances SET cancel_reason = COALESCE(cancel_reason, why)
    WHERE job_id = held.job_id AND queue_job_id = held.queue_job_id;
  END IF;
END
$$;

-- The run of this queue job began before and did not end: it was put off, its process died, or gave it back.
CREATE FUNCTION take_over(job jobs, r jsonb, held instances, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  is_sleeper boolean := held.suspended IS NOT DISTINCT FROM 'sleep';
  is_crash boolean := NOT held.is_handed_back AND held.suspended IS NULL AND NOT held.is_alive;
  max_crashes integer := (r ->> 'maxCrashes')::integer;
  -- A run on its last chance that finds another one with its worker looks again after so long.
  alone_ms constant integer := 1000;
  ended ending;
BEGIN
  d.told := '{}';
  d.answer := '{"o":"none"}';
  -- The same request again: its answer was lost with a connection.
  IF held.take = r ->> 'take' THEN
    d.answer := answer_run(job, held);
    RETURN d;
  END IF;
  IF held.cancel_reason IS NULL THEN
    IF job.id IS NULL THEN
      d.told := end_removed(job, held, now_ms);
      RETURN d;
    END IF;
    -- It gets another queue job when the job goes on.
    IF job.state = 'paused' AND waits_for_resume(held) THEN RETURN d; END IF;
    IF held.until_at > now_ms THEN
      d.answer := jsonb_build_object('o', 'early', 'waitMs', held.until_at - now_ms);
      RETURN d;
    END IF;
    IF is_crash THEN
      held.crashes := held.crashes + 1;
      held.crashed := held.crashed || jsonb_build_object(held.start::text, held.worker);
    END IF;
    IF held.crashes > 0 AND held.crashes = max_crashes - 1 AND is_alone_taken(held, r ->> 'worker', max_crashes) THEN
      d.answer := jsonb_build_object('o', 'early', 'waitMs', alone_ms);
      RETURN d;
    END IF;
  END IF;
  IF held.cancel_reason IS NOT NULL THEN
    ended := ending_of(job, 'cancelled', cancel_error(held.cancel_reason), now_ms);
  ELSIF held.crashes >= max_crashes THEN
    ended := ending_of(job, 'failed', crash_error(held), now_ms);
  END IF;
  IF ended.verdict IS NOT NULL THEN
    d.told := finish_run(held, ended, now_ms);
    PERFORM call_for_queued(job, now_ms);
    RETURN d;
  END IF;
  held.take := r ->> 'take';
  held.worker := r ->> 'worker';
  held.start := held.start + 1;
  held.started_at := now_ms;
  held.is_handed_back := false;
  held.is_alive := false;
  held.suspended := NULL;
  held.until_at := NULL;
  held.error := NULL;
  -- After a sleep the attempt goes on.
  IF NOT is_sleeper THEN
    held.attempt := held.attempt + 1;
    held.attempt_at := now_ms;
    d.told := ARRAY[event_of_run('JOB_STARTED', held, now_ms)];
  END IF;
  UPDATE instances SET take = held.take, worker = held.worker, start = held.start, started_at = held.started_at,
    attempt = held.attempt, attempt_at = held.attempt_at, crashes = held.crashes, crashed = held.crashed, is_handed_back = false, is_alive = false,
    suspended = NULL, until_at = NULL, error = NULL
  WHERE job_id = held.job_id AND queue_job_id = held.queue_job_id;
  d.answer := answer_run(job, held);
  RETURN d;
END
$$;
