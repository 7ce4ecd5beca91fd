-- Placement: where a due run goes.

-- The place of a run that is due: 'start'; 'queue'; 'replace' (queue, instead of the runs that are queued); or none:
-- 'condition' (it is false, and the run does not wait for it) or 'full' (no room, by the job's overlap rule). `room`: how many
-- more the queue takes, where it is bounded. `facts`: those that a false condition asked. `wait_until`: how long the run waits for
-- its condition.
CREATE TYPE place AS (outcome text, room integer, facts jsonb, wait_until bigint);

-- The event and the row of a run that finds no place.
CREATE TYPE refusal AS (event_name text, reason text, facts jsonb);

CREATE FUNCTION refusal_of(p place) RETURNS refusal LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE p.outcome WHEN 'condition' THEN ROW('JOB_SKIPPED', 'condition', p.facts)::refusal
    ELSE ROW('JOB_MAX_INSTANCES', 'max-instances', NULL)::refusal END
$$;

CREATE FUNCTION place_of(job jobs, ignores_condition boolean, now_ms bigint) RETURNS place LANGUAGE plpgsql AS $$
DECLARE
  p place;
  judged judgement;
  running bigint;
  queued integer := 0;
BEGIN
  IF job.condition IS NOT NULL AND NOT ignores_condition THEN
    judged := judge(job, now_ms);
    IF NOT judged.is_true THEN
      IF job.wait_ms IS NULL THEN
        p.outcome := 'condition';
        p.facts := judged.facts;
        RETURN p;
      END IF;
      p.wait_until := now_ms + job.wait_ms;
    END IF;
  END IF;
  SELECT count(*) INTO running FROM running_runs WHERE job_id = job.id AND kind <> 'backfill';
  IF is_held_up(job) OR job.overlap <> 'skip' THEN
    SELECT count(*) INTO queued FROM queued_runs WHERE job_id = job.id;
  END IF;
  IF running + (CASE WHEN is_held_up(job) THEN queued ELSE 0 END) >= job.max_instances THEN
    p.outcome := CASE
      WHEN job.overlap = 'skip' OR (job.overlap = 'queue-all' AND queued >= job.max_catch_up) THEN 'full'
      WHEN job.overlap = 'queue-all' THEN 'queue'
      ELSE 'replace' END;
    IF p.outcome = 'queue' THEN p.room := job.max_catch_up - queued; END IF;
  ELSE
    p.outcome := CASE
      WHEN p.wait_until IS NOT NULL OR queued > 0 OR (job.group_key IS NOT NULL AND NOT has_group_room(job)) THEN 'queue'
      ELSE 'start' END;
  END IF;
  RETURN p;
END
$$;

-- Starts or queues a run for which there is a place.
CREATE FUNCTION put_in_place(job jobs, r jsonb, run queued_runs, p place, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  events jsonb[] := '{}';
BEGIN
  IF p.outcome = 'start' THEN RETURN start_run(job, r, run, now_ms); END IF;
  IF p.outcome = 'replace' THEN
    events := replace_queued(job, '{}', run, now_ms);
  ELSE
    PERFORM add_queued(run);
  END IF;
  RETURN join_events(events, take_queued(job, r, now_ms));
END
$$;
