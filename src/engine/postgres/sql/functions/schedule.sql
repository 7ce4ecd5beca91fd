-- Adds the queue job of the next occurrence. `upcoming`: JSON array of {fireAt, dueAt}.
CREATE FUNCTION add_next(job_id text, pipeline text, generation bigint, upcoming jsonb, now_ms bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF upcoming <> '[]' THEN
    PERFORM add_queue_job(queue_job_id_of(job_id, '', generation, (upcoming #>> '{0,fireAt}')::bigint), pipeline,
      (upcoming #>> '{0,dueAt}')::bigint, now_ms);
  END IF;
END
$$;

-- Deletes the queue job of a schedule's next occurrence, unless it holds a run.
CREATE FUNCTION drop_next(job jobs) RETURNS void LANGUAGE sql AS $$
  SELECT drop_queue_job(id) FROM queue_job_id_of(job.id, '', job.generation, job.next_fire_at) AS id
  WHERE NOT EXISTS (SELECT 1 FROM running_runs WHERE job_id = job.id AND queue_job_id = id)
$$;

-- A job whose schedule is over finishes with the last of its runs, queued and requested ones included. A backfill goes on
-- regardless. Called at the end of a step in which something of these jobs ended; marks those that finished, and returns the
-- events.
CREATE FUNCTION tell_finished(ids text[], now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  events jsonb[];
BEGIN
  IF cardinality(ids) = 0 THEN RETURN '{}'; END IF;
  WITH finished AS (
    UPDATE jobs SET finished_at = now_ms WHERE id = ANY (ids) AND state = 'finished' AND finished_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM running_runs WHERE job_id = jobs.id AND kind <> 'backfill')
      AND NOT EXISTS (SELECT 1 FROM queued_runs WHERE job_id = jobs.id)
      AND NOT EXISTS (SELECT 1 FROM run_requests WHERE job_id = jobs.id)
    RETURNING id, owner
  )
  SELECT array_agg(jsonb_build_object('name', 'JOB_FINISHED', 'at', now_ms, 'jobId', id) || owner_field(owner)
    ORDER BY id) INTO events
  FROM finished;
  RETURN COALESCE(events, '{}');
END
$$;
