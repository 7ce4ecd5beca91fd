-- Takeover: a run whose queue job is taken again, and what a worker is told of a run that it holds.

CREATE FUNCTION answer_run(job jobs, held running_runs) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object('o', 'run', 'revision', COALESCE(job.revision, 0),
    'run', jsonb_build_object('runId', held.run_id, 'kind', held.kind, 'fireAt', held.fire_at, 'dueAt', held.due_at,
      'startedAt', held.started_at, 'start', held.start, 'attempt', held.attempt, 'failures', held.failures,
      'count', held.count, 'fromAt', held.from_at, 'params', held.params, 'lastRun', job.last_run)))
$$;

-- Continues a run that ended its last start without a verdict. A sleep continues the attempt; everything else begins a new one.
CREATE FUNCTION resume_held(held running_runs, now_ms bigint) RETURNS running_runs LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF held.suspended IS DISTINCT FROM 'sleep' THEN
    held.attempt := held.attempt + 1;
    held.attempt_at := now_ms;
  END IF;
  held.suspended := NULL;
  held.resume_at := NULL;
  held.is_handed_back := false;
  held.is_alive := false;
  held.error := NULL;
  RETURN held;
END
$$;

-- Why a run ends that no worker ended.
CREATE FUNCTION crash_error(held running_runs) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('name', 'CronduitError', 'code', 'RUN_CRASHED', 'message', format(
    'crashed: %s (killed, out of memory, or cut off and not back): %s',
    CASE held.crashes WHEN 1 THEN 'its only start ended without a word from its worker'
      ELSE format('%s starts ended without a word from their workers', held.crashes) END,
    (SELECT string_agg(value, ', ' ORDER BY key::integer) FROM jsonb_each_text(held.crashed))))::text
$$;

-- The run of this queue job started before and did not end: its process died or handed it back, or it was suspended.
CREATE FUNCTION take_over(job jobs, r jsonb, held running_runs, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  is_new_attempt boolean := held.suspended IS DISTINCT FROM 'sleep';
  is_crash boolean := NOT held.is_handed_back AND held.suspended IS NULL AND NOT held.is_alive;
  max_crashes integer := (r ->> 'maxCrashes')::integer;
  -- A run on its last chance whose worker has another such run is put off for this long.
  alone_ms constant integer := 1000;
BEGIN
  d.events := '{}';
  d.answer := '{"o":"none"}';
  -- A repeated request, whose answer was lost with a connection.
  IF held.take = r ->> 'take' THEN
    d.answer := answer_run(job, held);
    RETURN d;
  END IF;
  IF held.cancel_reason IS NULL THEN
    IF job.id IS NULL THEN
      d.events := end_removed(job, held, now_ms);
      RETURN d;
    END IF;
    -- It gets another queue job when the job is resumed.
    IF job.state = 'paused' AND waits_for_resume(held) THEN RETURN d; END IF;
    IF held.resume_at > now_ms THEN
      d.answer := jsonb_build_object('o', 'early', 'waitMs', held.resume_at - now_ms);
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
  IF held.cancel_reason IS NOT NULL OR held.crashes >= max_crashes THEN
    IF held.cancel_reason IS NOT NULL THEN
      d.events := finish_here(job, held, 'cancelled', cancel_error(held.cancel_reason), now_ms);
    ELSE
      d.events := finish_here(job, held, 'failed', crash_error(held), now_ms);
    END IF;
    PERFORM wake_for_queued(job, now_ms);
    RETURN d;
  END IF;
  held := resume_held(held, now_ms);
  held.start := held.start + 1;
  held.take := r ->> 'take';
  held.worker := r ->> 'worker';
  held.started_at := now_ms;
  UPDATE running_runs SET take = held.take, worker = held.worker, start = held.start, started_at = held.started_at,
    attempt = held.attempt, attempt_at = held.attempt_at, crashes = held.crashes, crashed = held.crashed,
    is_handed_back = held.is_handed_back, is_alive = held.is_alive, suspended = held.suspended, resume_at = held.resume_at,
    error = held.error
  WHERE job_id = held.job_id AND queue_job_id = held.queue_job_id;
  IF is_new_attempt THEN d.events := ARRAY[event_of_run('JOB_STARTED', held, now_ms)]; END IF;
  d.answer := answer_run(job, held);
  RETURN d;
END
$$;
