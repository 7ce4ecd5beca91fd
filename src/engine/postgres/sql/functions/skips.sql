-- Skips: fire times at which a job is not to run, because somebody asked for that. Each is stored until it is decided. The column
-- `skip_at` of the job is the first of them, so that nobody else looks here.

CREATE FUNCTION note_first(of_job text) RETURNS void LANGUAGE sql AS $$
  UPDATE jobs SET skip_at = (SELECT min(fire_at) FROM skips WHERE job_id = of_job) WHERE id = of_job
$$;

-- Decides the skips up to a fire time, each on its own, and forgets them. Returns their fire times and the events.
CREATE FUNCTION decide_skips(job jobs, up_to bigint, now_ms bigint, OUT decided bigint[], OUT events jsonb[]) LANGUAGE plpgsql AS $$
DECLARE
  skip skips;
BEGIN
  decided := '{}';
  events := '{}';
  IF job.skip_at IS NULL OR job.skip_at > up_to THEN RETURN; END IF;
  FOR skip IN SELECT * FROM skips WHERE job_id = job.id AND fire_at <= up_to ORDER BY fire_at LOOP
    decided := decided || skip.fire_at;
    events := events || decide_against(job, ROW(skip.fire_at, skip.fire_at, skip.due_at, 1, NULL, NULL)::occurrences,
      'skipped', 'JOB_SKIPPED', now_ms, 'requested', asked_by => skip.requested_by, remark => skip.reason);
  END LOOP;
  DELETE FROM skips WHERE job_id = job.id AND fire_at <= up_to;
  PERFORM note_first(job.id);
END
$$;

-- What a change of the schedule does to the skips of a job: {upTo, kept [{fireAt, dueAt}]}.
CREATE FUNCTION keep_skips(job jobs, change jsonb, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  events jsonb[];
BEGIN
  SELECT s.events INTO events FROM decide_skips(job, (change ->> 'upTo')::bigint, now_ms) AS s;
  UPDATE skips SET due_at = (o ->> 'dueAt')::bigint FROM jsonb_array_elements(change -> 'kept') AS o
  WHERE job_id = job.id AND fire_at = (o ->> 'fireAt')::bigint;
  DELETE FROM skips WHERE job_id = job.id AND NOT EXISTS (
    SELECT FROM jsonb_array_elements(change -> 'kept') AS o WHERE (o ->> 'fireAt')::bigint = skips.fire_at);
  PERFORM note_first(job.id);
  RETURN events;
END
$$;
