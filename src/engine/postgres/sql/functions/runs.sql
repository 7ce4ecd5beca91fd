-- Runs: how they start and end, and who is told.

CREATE FUNCTION event_of_run(event_name text, held running_runs, now_ms bigint) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('name', event_name, 'at', now_ms, 'jobId', held.job_id, 'runId', held.run_id,
    'fireAt', held.fire_at, 'attempt', held.attempt, 'worker', held.worker) || owner_field(held.owner)
$$;

-- What became of one request: the run that it starts, if any, or an answer; and the events of both. `has_looked`: the queued runs
-- were looked at, and none can start now.
CREATE TYPE decision AS (held running_runs, answer jsonb, events jsonb[], has_looked boolean);

-- A decision, with the events that came before it.
CREATE FUNCTION join_events(before jsonb[], d decision) RETURNS decision LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  d.events := before || d.events;
  RETURN d;
END
$$;

-- Starts a run under a queue job that a worker took.
CREATE FUNCTION start_run(job jobs, r jsonb, run queued_runs, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  held running_runs;
BEGIN
  held.job_id := job.id;
  held.queue_job_id := r ->> 'queueJobId';
  held.run_id := run.run_id;
  held.kind := run.kind;
  held.pipeline := job.pipeline;
  held.fire_at := run.fire_at;
  held.due_at := run.due_at;
  held.from_at := run.from_at;
  held.count := run.count;
  held.started_at := now_ms;
  held.attempt_at := now_ms;
  held.start := 1;
  held.attempt := 1;
  held.failures := 0;
  held.crashes := 0;
  held.worker := r ->> 'worker';
  held.take := r ->> 'take';
  held.params := run.params;
  held.group_key := job.group_key;
  held.is_handed_back := false;
  held.is_alive := false;
  held.crashed := '{}';
  held.owner := job.owner;
  held.requested_by := run.requested_by;
  INSERT INTO running_runs SELECT held.*;
  d.held := held;
  d.events := ARRAY[event_of_run('JOB_SUBMITTED', held, now_ms) - 'attempt'
    || CASE WHEN run.requested_by IS NULL THEN '{}' ELSE jsonb_build_object('by', run.requested_by) END, event_of_run('JOB_STARTED', held, now_ms)];
  RETURN d;
END
$$;

-- An error's message, cut. NUL and lone surrogates, which text can't hold, become U+FFFD.
CREATE FUNCTION message_of(error text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT left(COALESCE(content ->> 'reason', content ->> 'message'), 200)
  FROM (SELECT regexp_replace(error, '(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})', '\1\\ufffd', 'g')::json AS content) AS clean
$$;

-- Older queue jobs become void, as with every change of the schedule.
CREATE FUNCTION pause_after_failures(job jobs, error text, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  why text := CASE job.failures_in_a_row WHEN 1 THEN '1 run failed: '
    ELSE format('%s runs failed in a row; the last: ', job.failures_in_a_row) END || COALESCE(message_of(error), '');
  by_rule constant jsonb := '{"kind":"system","id":"pauseAfterFailures"}';
BEGIN
  UPDATE jobs SET state = 'paused', paused_at = now_ms, paused_reason = why, next_fire_at = NULL, next_due_at = NULL,
    revision = nextval('{{fleet_numbers}}'), generation = nextval('{{fleet_numbers}}')
  WHERE id = job.id;
  PERFORM drop_next(job);
  PERFORM hold_retries(job.id);
  PERFORM keep_change(jsonb_build_object('by', by_rule, 'what', 'paused', 'jobId', job.id, 'owner', job.owner, 'reason', why),
    jsonb_build_object('revision', job.revision, 'state', 'active', 'until', now_ms, 'watermark', job.watermark), now_ms);
  RETURN drop_queued(job, 'paused', true, now_ms)
    || jsonb_build_object('name', 'JOB_PAUSED', 'at', now_ms, 'jobId', job.id, 'reason', why,
      'by', by_rule) || owner_field(job.owner);
END
$$;

-- Whether a worker executes another run on its last chance. It must not start a second one: if the process dies, the
-- culprit is known.
CREATE FUNCTION is_alone_taken(held running_runs, by_worker text, max_crashes integer) RETURNS boolean LANGUAGE sql AS $$
  SELECT EXISTS (SELECT 1 FROM running_runs AS other WHERE other.worker = by_worker AND other.crashes = max_crashes - 1
    AND suspended IS NULL AND NOT is_handed_back AND (other.job_id, other.queue_job_id) <> (held.job_id, held.queue_job_id))
$$;

-- How a run ended; `result` and `error` are JSON text.
CREATE TYPE ending AS (verdict text, finished_at bigint, result text, error text, keep_count bigint, keep_age_ms bigint);

-- Ends a run: ledger, counters, instance. Returns its events.
CREATE FUNCTION finish_run(held running_runs, ended ending, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  entry ledger;
  job jobs;
  events jsonb[];
BEGIN
  DELETE FROM running_runs WHERE job_id = held.job_id AND queue_job_id = held.queue_job_id;
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
  entry.requested_by := held.requested_by;
  IF ended.verdict = 'cancelled' THEN entry.cancelled_by := held.cancelled_by; END IF;
  UPDATE jobs SET
    -- Keeps the scheduled run that was there.
    last_scheduled_run = CASE WHEN held.kind <> 'scheduled' AND last_run ->> 'id' ~ ':\d+:\d+$' THEN last_run - 'result'
      ELSE last_scheduled_run END,
    last_run = jsonb_strip_nulls(jsonb_build_object('id', held.run_id, 'verdict', ended.verdict, 'fireAt', held.fire_at,
      'startedAt', held.attempt_at, 'finishedAt', ended.finished_at, 'result', ended.result)),
    last_verdict = ended.verdict,
    counts = add_count(counts, ended.verdict, 1),
    last_success_at = CASE ended.verdict WHEN 'succeeded' THEN ended.finished_at ELSE last_success_at END,
    success_streak = CASE ended.verdict WHEN 'succeeded' THEN success_streak + 1 ELSE 0 END,
    failures_in_a_row = CASE ended.verdict WHEN 'succeeded' THEN 0 WHEN 'failed' THEN failures_in_a_row + 1
      ELSE failures_in_a_row END
  WHERE id = held.job_id RETURNING * INTO job;
  entry.owner := COALESCE(held.owner, job.owner);
  PERFORM record(entry, ended.keep_count, ended.keep_age_ms, now_ms);
  IF job.id IS NULL THEN
    -- The job was removed; the row just written may be the first of its ledger.
    UPDATE ledgers SET expires_at = server_now(NULL) + ended.keep_age_ms WHERE job_id = held.job_id;
  END IF;
  events := ARRAY[jsonb_strip_nulls(jsonb_build_object(
    'name', CASE ended.verdict WHEN 'succeeded' THEN 'JOB_EXECUTED' WHEN 'failed' THEN 'JOB_ERROR' ELSE 'JOB_CANCELLED' END,
    'at', now_ms, 'jobId', held.job_id, 'runId', held.run_id, 'fireAt', held.fire_at, 'attempt', held.attempt,
    'worker', held.worker, 'result', ended.result, 'error', ended.error, 'owner', entry.owner, 'by', entry.cancelled_by))];
  IF ended.verdict = 'failed' AND job.state = 'active' AND job.failures_in_a_row >= job.pause_after THEN
    events := events || pause_after_failures(job, ended.error, now_ms);
  END IF;
  IF held.kind = 'backfill' THEN PERFORM end_backfill_run(held.job_id, ended.verdict, now_ms); END IF;
  RETURN events;
END
$$;

-- Ends a run by a verdict of the scheduler's own, not its worker's. The job may have been removed; its retention is not known any
-- more then: a week.
CREATE FUNCTION finish_here(job jobs, held running_runs, verdict text, error text, now_ms bigint) RETURNS jsonb[]
LANGUAGE sql AS $$
  SELECT finish_run(held, ROW(verdict, now_ms, NULL, error, COALESCE(job.keep_count, 1000),
    COALESCE(job.keep_age_ms, 604800000))::ending, now_ms)
$$;

-- Ends a run of a removed job: nothing says any more what it should do.
CREATE FUNCTION end_removed(job jobs, held running_runs, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  why text := 'the job was removed before the run went on';
BEGIN
  IF held.suspended = 'retry' AND held.error IS NOT NULL THEN
    why := why || '; its last attempt failed: ' || COALESCE(message_of(held.error), '');
  END IF;
  PERFORM drop_queue_job(held.queue_job_id);
  RETURN finish_here(job, held, 'cancelled', cancel_error(why), now_ms);
END
$$;

-- Cancels a running run: at once if it is not being executed; otherwise its worker will be told. `is_over`: it has its
-- verdict.
CREATE FUNCTION cancel_held(
  job jobs, held running_runs, why text, canceller jsonb, now_ms bigint, OUT is_over boolean, OUT events jsonb[]
) LANGUAGE plpgsql AS $$
BEGIN
  is_over := held.is_handed_back OR held.suspended IS NOT NULL;
  events := '{}';
  IF is_over THEN
    PERFORM drop_queue_job(held.queue_job_id);
    held.cancelled_by := canceller;
    events := finish_here(job, held, 'cancelled', cancel_error(why), now_ms);
  ELSE
    UPDATE running_runs SET cancel_reason = COALESCE(cancel_reason, why),
      cancelled_by = CASE WHEN cancel_reason IS NULL THEN canceller ELSE cancelled_by END
    WHERE job_id = held.job_id AND queue_job_id = held.queue_job_id;
  END IF;
END
$$;
