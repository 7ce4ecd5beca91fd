-- Backfills: past fire times that run beside the schedule, a few at a time, after everything else that is due. A backfill's row
-- is locked after its job and the job's group, wherever both are.

-- Adds a queue job that workers take after all others, as BullMQ would; see `add_queue_job`. Priorities go from 1 to 2^21 - 1,
-- lowest first; jobs without one come before all of them.
CREATE FUNCTION add_last_queue_job(new_id text, pipeline text, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO {{bullmq_schema}}.job (queue, id, seq, name, state, data, opts, priority, delay_ms, max_attempts, added_at_ms)
  VALUES ('{{bullmq_queue}}', new_id, nextval('{{bullmq_schema}}.job_seq'), pipeline, 'waiting'::{{bullmq_schema}}.job_state, '0',
    '{"attempts":0,"removeOnComplete":true,"removeOnFail":true,"priority":2097151}', 2097151, 0, 0, now_ms)
  ON CONFLICT DO NOTHING;
  IF FOUND THEN PERFORM pg_notify('bullmq_jobs', '{{bullmq_queue}}'); END IF;
END
$$;

-- The id for a fire time's queue job. A fire time that was put back by a queue job which has not ended yet needs another id:
-- the old queue job no longer represents anything, but still occupies the id.
CREATE FUNCTION backfill_queue_job(of_job text, fire_at bigint) RETURNS text LANGUAGE sql AS $$
  SELECT queue_job_id_of(of_job, 'b', CASE WHEN EXISTS (SELECT 1 FROM {{bullmq_schema}}.job AS q
    WHERE q.queue = '{{bullmq_queue}}' AND q.id = queue_job_id_of(of_job, 'b', 0, fire_at) AND q.state = 'active')
    THEN nextval('{{fleet_numbers}}') ELSE 0 END, fire_at)
$$;

-- Puts back the fire times that have a queue job and have not started.
CREATE FUNCTION recall_backfill(of_job text) RETURNS void LANGUAGE sql AS $$
  SELECT drop_queue_jobs(ARRAY(
    SELECT queue_job_id FROM backfill_times WHERE job_id = of_job AND queue_job_id IS NOT NULL));
  UPDATE backfill_times SET queue_job_id = NULL WHERE job_id = of_job AND queue_job_id IS NOT NULL;
$$;

CREATE FUNCTION close_backfill(of_job text, new_state text) RETURNS void LANGUAGE sql AS $$
  SELECT recall_backfill(of_job);
  DELETE FROM backfill_times WHERE job_id = of_job;
  DELETE FROM group_line WHERE job_id = of_job AND is_backfill;
  UPDATE backfills SET state = new_state WHERE job_id = of_job;
$$;

-- Gives queue jobs to as many fire times as there is room for, and ends the backfill if none is left.
-- Returns how many it gave.
CREATE FUNCTION feed_backfill(of_job text, now_ms bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  b backfills;
  job jobs;
  running bigint;
  waiting bigint;
  next_fire_at bigint;
  new_id text;
  fed integer := 0;
BEGIN
  SELECT * INTO b FROM backfills WHERE job_id = of_job AND state = 'active' FOR UPDATE;
  IF NOT FOUND THEN RETURN 0; END IF;
  SELECT * INTO job FROM jobs WHERE id = of_job;
  IF NOT FOUND THEN RETURN 0; END IF;
  SELECT count(*) INTO running FROM running_runs WHERE job_id = of_job AND kind = 'backfill';
  SELECT count(*) INTO waiting FROM backfill_times WHERE job_id = of_job AND queue_job_id IS NOT NULL;
  FOR i IN 1 .. b.concurrency - running - waiting LOOP
    SELECT fire_at INTO next_fire_at FROM backfill_times WHERE job_id = of_job AND queue_job_id IS NULL
      ORDER BY CASE WHEN b.is_latest_first THEN -fire_at ELSE fire_at END LIMIT 1;
    EXIT WHEN NOT FOUND;
    IF NOT has_group_room(job) THEN
      PERFORM join_line(job, true);
      EXIT;
    END IF;
    new_id := backfill_queue_job(of_job, next_fire_at);
    UPDATE backfill_times SET queue_job_id = new_id WHERE job_id = of_job AND fire_at = next_fire_at;
    PERFORM add_last_queue_job(new_id, job.pipeline, now_ms);
    fed := fed + 1;
  END LOOP;
  IF running + waiting + fed = 0 AND NOT EXISTS (SELECT 1 FROM backfill_times WHERE job_id = of_job) THEN
    PERFORM close_backfill(of_job, 'finished');
  END IF;
  RETURN fed;
END
$$;

-- A backfill run got its verdict.
CREATE FUNCTION end_backfill_run(of_job text, verdict text, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE backfills SET counts = add_count(counts, verdict, 1) WHERE job_id = of_job;
  PERFORM feed_backfill(of_job, now_ms);
END
$$;

-- Cancels a run that has not started. Returns its event, or null if it is not there.
CREATE FUNCTION cancel_backfill_run(job jobs, cancelled_id text, why text, canceller jsonb, now_ms bigint) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  of_time backfill_times;
  events jsonb;
BEGIN
  DELETE FROM backfill_times WHERE job_id = job.id AND queue_job_id_of(job.id, 'b', 0, fire_at) = cancelled_id
    RETURNING * INTO of_time;
  IF NOT FOUND THEN RETURN NULL; END IF;
  PERFORM drop_queue_job(of_time.queue_job_id);
  events := record_cancelled(job,
    ROW(of_time.fire_at, of_time.fire_at, of_time.fire_at, 1, cancelled_id, 'backfill')::occurrences, why, canceller,
    now_ms);
  PERFORM end_backfill_run(job.id, 'cancelled', now_ms);
  RETURN events;
END
$$;

-- Reports queue jobs that were lost.
CREATE FUNCTION audit_backfills(now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  max_looked_at constant integer := 1000;
  found_here jsonb[] := '{}';
  waiting record;
BEGIN
  FOR waiting IN SELECT t.job_id, t.queue_job_id, jobs.pipeline
    FROM backfill_times AS t JOIN jobs ON jobs.id = t.job_id WHERE queue_job_id IS NOT NULL LIMIT max_looked_at
  LOOP
    IF NOT is_queued(waiting.queue_job_id) THEN
      found_here := found_here || jsonb_build_object('kind', 'stranded', 'jobId', waiting.job_id,
        'queueJob', jsonb_build_object('id', waiting.queue_job_id, 'pipeline', waiting.pipeline, 'dueAt', now_ms));
    END IF;
  END LOOP;
  RETURN found_here;
END
$$;

-- Starts runs where there is room and nobody did. Takes the locks of a step on these jobs.
CREATE FUNCTION feed_idle_backfills(now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  max_looked_at constant integer := 1000;
  idle text[] := ARRAY(
    SELECT job_id FROM backfills AS b WHERE state = 'active'
      AND NOT EXISTS (SELECT 1 FROM group_line AS l WHERE l.job_id = b.job_id AND is_backfill)
      AND (SELECT count(*) FROM running_runs AS i WHERE i.job_id = b.job_id AND kind = 'backfill')
        + (SELECT count(*) FROM backfill_times AS t WHERE t.job_id = b.job_id AND queue_job_id IS NOT NULL) < concurrency
      AND EXISTS (SELECT 1 FROM jobs WHERE id = b.job_id)
    ORDER BY job_id LIMIT max_looked_at);
  idle_id text;
BEGIN
  IF cardinality(idle) = 0 THEN RETURN; END IF;
  PERFORM lock_jobs(idle);
  FOREACH idle_id IN ARRAY idle LOOP
    PERFORM feed_backfill(idle_id, now_ms);
  END LOOP;
END
$$;
