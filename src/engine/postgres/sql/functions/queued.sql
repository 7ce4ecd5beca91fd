-- Queued runs: those that wait for an instance, for their condition, or for room in their group; and the calls for them.

CREATE FUNCTION is_full(job jobs) RETURNS boolean LANGUAGE sql AS $$
  SELECT (SELECT count(*) FROM instances WHERE job_id = job.id AND kind <> 'backfill') >= job.max_instances
$$;

CREATE FUNCTION is_late(job jobs, due_at bigint, now_ms bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT job.grace_ms IS NOT NULL AND now_ms - due_at > job.grace_ms
$$;

-- Whether queued runs stand for instances: those of jobs that are held up by others than themselves do.
CREATE FUNCTION is_held_up(job jobs) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT job.wait_ms IS NOT NULL OR job.group_key IS NOT NULL
$$;

CREATE FUNCTION occurrence_of(queued pending) RETURNS occurrences LANGUAGE sql IMMUTABLE AS $$
  SELECT ROW(queued.fire_at, queued.fire_at, queued.due_at, 1, queued.run_id, queued.kind)::occurrences
$$;

-- Sees to it that the job is looked at. A call that nobody has answered yet looks at all that is there when it is; who
-- answers one takes it off the list, and needs a lock for it that whoever calls has.
-- Returns whether a worker will take it soon: none of those may have the pipeline, and they put the call off.
CREATE FUNCTION call_job(called text, pipeline text, now_ms bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  is_put_off boolean;
  new_id text;
BEGIN
  SELECT q.state = 'delayed' INTO is_put_off FROM calls JOIN {{bullmq_schema}}.job AS q ON q.queue = '{{bullmq_queue}}' AND q.id = call_id
  WHERE calls.job_id = called AND q.state NOT IN ('completed', 'failed') LIMIT 1;
  IF FOUND THEN RETURN NOT is_put_off; END IF;
  new_id := wake_up_id(called, 'c', nextval('{{fleet_numbers}}'), now_ms);
  INSERT INTO calls (call_id, job_id) VALUES (new_id, called);
  PERFORM add_queue_job(new_id, pipeline, now_ms, now_ms);
  RETURN true;
END
$$;

-- Sees to it that the job is looked at again at an instant; without one, that nothing is left that would do so.
CREATE FUNCTION call_at(job jobs, look_at bigint, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  known jobs;
  new_id text;
BEGIN
  SELECT * INTO known FROM jobs WHERE id = job.id;
  IF known.timer_at IS NOT DISTINCT FROM look_at THEN RETURN; END IF;
  IF known.timer_id IS NOT NULL THEN PERFORM drop_queue_job(known.timer_id); END IF;
  IF look_at IS NOT NULL THEN
    new_id := wake_up_id(job.id, 'c', nextval('{{fleet_numbers}}'), look_at);
    PERFORM add_queue_job(new_id, job.pipeline, look_at, now_ms);
  END IF;
  UPDATE jobs SET timer_id = new_id, timer_at = look_at WHERE id = job.id;
END
$$;

-- Takes back the calls that nobody has answered yet.
CREATE FUNCTION drop_calls(of_job text) RETURNS void LANGUAGE sql AS $$
  SELECT drop_queue_jobs(ARRAY(SELECT call_id FROM calls WHERE job_id = of_job));
  DELETE FROM calls WHERE job_id = of_job;
$$;

-- Groups. A run counts in the group that its job had when it began.
CREATE FUNCTION has_group_room(job jobs) RETURNS boolean LANGUAGE sql AS $$
  SELECT job.group_key IS NULL OR (SELECT count(*) FROM instances WHERE group_key = job.group_key) < job.group_limit
$$;

-- Puts a job in line, behind all others; one that stands there keeps its place.
CREATE FUNCTION join_line(job jobs, for_backfill boolean DEFAULT false) RETURNS void LANGUAGE sql AS $$
  INSERT INTO group_line (group_key, job_id, is_backfill, turn)
  VALUES (job.group_key, job.id, for_backfill, nextval('{{fleet_numbers}}')) ON CONFLICT DO NOTHING
$$;

-- Returns whether it stood there.
CREATE FUNCTION leave_line(job jobs, for_backfill boolean DEFAULT false) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM group_line WHERE job_id = job.id AND is_backfill = for_backfill;
  RETURN FOUND;
END
$$;

-- Calls as many of those in line, in their order, as there is room for beside those that were called before.
CREATE FUNCTION call_groups(keys text[], now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  max_in_line constant integer := 100;
  key text;
  taken bigint;
  waiting record;
BEGIN
  FOREACH key IN ARRAY keys LOOP
    taken := NULL;
    FOR waiting IN
      SELECT jobs.id, jobs.pipeline, jobs.group_limit, l.is_backfill FROM group_line AS l JOIN jobs ON jobs.id = l.job_id
      WHERE l.group_key = key AND jobs.group_key = key ORDER BY turn LIMIT max_in_line
    LOOP
      IF taken IS NULL THEN SELECT count(*) INTO taken FROM instances WHERE group_key = key; END IF;
      IF taken >= waiting.group_limit THEN CONTINUE; END IF;
      IF waiting.is_backfill THEN
        DELETE FROM group_line WHERE group_key = key AND job_id = waiting.id AND is_backfill;
        taken := taken + feed_backfill(waiting.id, now_ms);
      ELSIF call_job(waiting.id, waiting.pipeline, now_ms) THEN
        taken := taken + 1;
      END IF;
    END LOOP;
  END LOOP;
END
$$;

-- Sees to it that the oldest queued run is taken, if there is one and an instance is free.
-- Of a job in a group it is the group that calls, at the end of the step.
CREATE FUNCTION call_for_queued(job jobs, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF job.id IS NULL OR NOT EXISTS (SELECT 1 FROM pending WHERE job_id = job.id) OR is_full(job) THEN RETURN; END IF;
  IF job.group_key IS NULL THEN
    PERFORM call_job(job.id, job.pipeline, now_ms);
  ELSE
    PERFORM join_line(job);
  END IF;
END
$$;

-- After queued runs were taken away: what was to call for them is not needed if these were all.
CREATE FUNCTION forget_calls(job jobs, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM pending WHERE job_id = job.id) THEN RETURN; END IF;
  PERFORM call_at(job, NULL, now_ms);
  PERFORM drop_calls(job.id);
  PERFORM leave_line(job);
END
$$;

-- Takes the queued occurrences out of the queue, oldest first.
CREATE FUNCTION take_scheduled(job jobs) RETURNS occurrences[] LANGUAGE plpgsql AS $$
DECLARE
  taken occurrences[];
BEGIN
  WITH gone AS (
    DELETE FROM pending WHERE job_id = job.id AND kind = 'scheduled' RETURNING occurrence_of(pending) AS one, fire_at, run_id)
  SELECT array_agg(one ORDER BY fire_at, run_id) INTO taken FROM gone;
  RETURN COALESCE(taken, '{}');
END
$$;

-- Queued runs get a verdict without running. A pause leaves those that a person asked for.
CREATE FUNCTION drop_queued(job jobs, why text, keep_manual boolean, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  queued pending;
  told jsonb[] := '{}';
BEGIN
  IF NOT keep_manual THEN
    FOR queued IN DELETE FROM pending WHERE job_id = job.id AND kind = 'manual' RETURNING * LOOP
      told := told || decide_against(job, occurrence_of(queued), 'skipped', 'JOB_SKIPPED', now_ms, why);
    END LOOP;
  END IF;
  told := told || decide_each(job, take_scheduled(job), NULL, 'skipped', 'JOB_SKIPPED', now_ms, why);
  PERFORM forget_calls(job, now_ms);
  RETURN told;
END
$$;
