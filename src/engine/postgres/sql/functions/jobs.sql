-- Whether queued runs count as instances: true of jobs that others can hold up.
CREATE FUNCTION is_held_up(job jobs) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT job.wait_ms IS NOT NULL OR job.group_key IS NOT NULL
$$;

CREATE FUNCTION is_full(job jobs) RETURNS boolean LANGUAGE sql AS $$
  SELECT (SELECT count(*) FROM running_runs WHERE job_id = job.id AND kind <> 'backfill') >= job.max_instances
$$;

-- A run counts in the group that its job had when it started.
CREATE FUNCTION has_group_room(job jobs) RETURNS boolean LANGUAGE sql AS $$
  SELECT job.group_key IS NULL OR (SELECT count(*) FROM running_runs WHERE group_key = job.group_key) < job.group_limit
$$;

CREATE FUNCTION is_late(job jobs, due_at bigint, now_ms bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT job.grace_ms IS NOT NULL AND now_ms - due_at > job.grace_ms
$$;

-- Enters a job into the lists that are filtered by what its definition says. listed: JSON owner?, source?, tags, words
CREATE FUNCTION list_job(job_id text, pipeline text, listed jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO listed_jobs AS l (id, pipeline, owner, source, tags, words)
  VALUES (job_id, pipeline, listed ->> 'owner', listed ->> 'source',
    ARRAY(SELECT jsonb_array_elements_text(listed -> 'tags')), listed ->> 'words')
  ON CONFLICT (id) DO UPDATE SET (pipeline, owner, source, tags, words)
    = (EXCLUDED.pipeline, EXCLUDED.owner, EXCLUDED.source, EXCLUDED.tags, EXCLUDED.words)
$$;

-- Wakes the job if a run is queued and an instance is free. In a group the job joins the line, and the group wakes it at the
-- end of the step.
CREATE FUNCTION wake_for_queued(job jobs, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF job.id IS NULL OR NOT EXISTS (SELECT 1 FROM queued_runs WHERE job_id = job.id) OR is_full(job) THEN RETURN; END IF;
  IF job.group_key IS NULL THEN
    PERFORM wake_job(job.id, job.pipeline, now_ms);
  ELSE
    PERFORM join_line(job);
  END IF;
END
$$;

-- Notes when something of a job changes by itself. Null: as before; 0: nothing does any more.
CREATE FUNCTION note_timed(of_job text, at_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF at_ms = 0 THEN
    DELETE FROM timed_changes WHERE job_id = of_job;
  ELSIF at_ms IS NOT NULL THEN
    INSERT INTO timed_changes (job_id, changes_at) VALUES (of_job, at_ms)
    ON CONFLICT (job_id) DO UPDATE SET changes_at = excluded.changes_at;
  END IF;
END
$$;
