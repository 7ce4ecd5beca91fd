-- Queued runs: waiting for an instance, for their condition, or for room in their group.

CREATE FUNCTION occurrence_of(queued queued_runs) RETURNS occurrences LANGUAGE sql IMMUTABLE AS $$
  SELECT ROW(queued.fire_at, queued.fire_at, queued.due_at, 1, queued.run_id, queued.kind)::occurrences
$$;

-- An occurrence as a queued run.
CREATE FUNCTION scheduled_run(job jobs, o occurrences, wait_until bigint) RETURNS queued_runs LANGUAGE sql IMMUTABLE AS $$
  SELECT ROW(job.id, queue_job_id_of(job.id, '', job.generation, o.fire_at), 'scheduled', o.fire_at, o.due_at, o.from_at, o.count,
    NULL, false, wait_until, NULL)::queued_runs
$$;

CREATE FUNCTION add_queued(queued queued_runs) RETURNS void LANGUAGE sql AS $$
  INSERT INTO queued_runs SELECT (queued).* ON CONFLICT DO NOTHING
$$;

-- Removes the queued scheduled runs, oldest first, and returns them.
CREATE FUNCTION pop_scheduled(job jobs) RETURNS occurrences[] LANGUAGE plpgsql AS $$
DECLARE
  popped occurrences[];
BEGIN
  WITH gone AS (
    DELETE FROM queued_runs WHERE job_id = job.id AND kind = 'scheduled' RETURNING occurrence_of(queued_runs) AS one, fire_at, run_id)
  SELECT array_agg(one ORDER BY fire_at, run_id) INTO popped FROM gone;
  RETURN COALESCE(popped, '{}');
END
$$;

-- Skips the queued runs. A pause keeps the manual ones.
CREATE FUNCTION drop_queued(job jobs, why text, keep_manual boolean, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  queued queued_runs;
  events jsonb[] := '{}';
BEGIN
  IF NOT keep_manual THEN
    FOR queued IN DELETE FROM queued_runs WHERE job_id = job.id AND kind = 'manual' RETURNING * LOOP
      events := events || decide_against(job, occurrence_of(queued), 'skipped', 'JOB_SKIPPED', now_ms, why,
        asked_by => queued.requested_by);
    END LOOP;
  END IF;
  events := events || decide_each(job, pop_scheduled(job), NULL, 'skipped', 'JOB_SKIPPED', now_ms, why);
  PERFORM stop_waking(job, now_ms);
  RETURN events;
END
$$;
