-- Wakeups: queue jobs that make a worker look at a job's queued runs.

-- Adds a wakeup, unless one is there that no worker has acknowledged: it will see everything that is queued by then.
-- Acknowledging takes a lock that whoever wakes the job holds. Returns whether a worker will take it soon: workers put a wakeup
-- off if none of them has the pipeline.
CREATE FUNCTION wake_job(of_job text, pipeline text, now_ms bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  is_put_off boolean;
  new_id text;
BEGIN
  SELECT q.state = 'delayed' INTO is_put_off
  FROM wakeups JOIN {{bullmq_schema}}.job AS q ON q.queue = '{{bullmq_queue}}' AND q.id = queue_job_id
  WHERE wakeups.job_id = of_job AND q.state NOT IN ('completed', 'failed') LIMIT 1;
  IF FOUND THEN RETURN NOT is_put_off; END IF;
  new_id := queue_job_id_of(of_job, 'c', nextval('{{fleet_numbers}}'), now_ms);
  INSERT INTO wakeups (queue_job_id, job_id) VALUES (new_id, of_job);
  PERFORM add_queue_job(new_id, pipeline, now_ms, now_ms);
  RETURN true;
END
$$;

-- Wakes the job at an instant; null drops that wakeup.
CREATE FUNCTION wake_at(job jobs, look_at bigint, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  known jobs;
  new_id text;
BEGIN
  SELECT * INTO known FROM jobs WHERE id = job.id;
  IF known.wakeup_at IS NOT DISTINCT FROM look_at THEN RETURN; END IF;
  IF known.wakeup_id IS NOT NULL THEN PERFORM drop_queue_job(known.wakeup_id); END IF;
  IF look_at IS NOT NULL THEN
    new_id := queue_job_id_of(job.id, 'c', nextval('{{fleet_numbers}}'), look_at);
    PERFORM add_queue_job(new_id, job.pipeline, look_at, now_ms);
  END IF;
  UPDATE jobs SET wakeup_id = new_id, wakeup_at = look_at WHERE id = job.id;
END
$$;

-- Drops the wakeups that no worker has acknowledged yet.
CREATE FUNCTION drop_wakeups(of_job text) RETURNS void LANGUAGE sql AS $$
  SELECT drop_queue_jobs(ARRAY(SELECT queue_job_id FROM wakeups WHERE job_id = of_job));
  DELETE FROM wakeups WHERE job_id = of_job;
$$;

-- Facts about these jobs changed: wakes the jobs with runs that wait for them.
CREATE FUNCTION wake_dependents(changed text[], now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  waiting record;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM deps) THEN RETURN; END IF;
  FOR waiting IN
    SELECT DISTINCT jobs.id, jobs.pipeline FROM deps JOIN jobs ON jobs.id = deps.dependent
    WHERE deps.referenced = ANY (changed)
      AND EXISTS (SELECT 1 FROM queued_runs WHERE queued_runs.job_id = deps.dependent AND wait_until IS NOT NULL)
  LOOP
    PERFORM wake_job(waiting.id, waiting.pipeline, now_ms);
  END LOOP;
END
$$;

-- After the last queued run is gone: drops the wakeups, and leaves the group's line.
CREATE FUNCTION stop_waking(job jobs, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM queued_runs WHERE job_id = job.id) THEN RETURN; END IF;
  PERFORM wake_at(job, NULL, now_ms);
  PERFORM drop_wakeups(job.id);
  PERFORM leave_line(job);
END
$$;
