-- Groups: runs that share a limit, and the line of jobs that wait for room, in the order of their turns.

-- A job in line keeps its place.
CREATE FUNCTION join_line(job jobs, for_backfill boolean DEFAULT false) RETURNS void LANGUAGE sql AS $$
  INSERT INTO group_line (group_key, job_id, is_backfill, turn)
  VALUES (job.group_key, job.id, for_backfill, nextval('{{fleet_numbers}}')) ON CONFLICT DO NOTHING
$$;

-- Returns whether the job was in line.
CREATE FUNCTION leave_line(job jobs, for_backfill boolean DEFAULT false) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM group_line WHERE job_id = job.id AND is_backfill = for_backfill;
  RETURN FOUND;
END
$$;

-- Wakes as many jobs in line, in their order, as there is room for, counting those that were woken before.
CREATE FUNCTION wake_group(key text, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  -- At most this many jobs in line are considered.
  max_in_line constant integer := 100;
  size bigint;
  waiting record;
BEGIN
  FOR waiting IN
    SELECT jobs.id, jobs.pipeline, jobs.group_limit, l.is_backfill FROM group_line AS l JOIN jobs ON jobs.id = l.job_id
    WHERE l.group_key = key AND jobs.group_key = key ORDER BY turn LIMIT max_in_line
  LOOP
    IF size IS NULL THEN SELECT count(*) INTO size FROM running_runs WHERE group_key = key; END IF;
    IF size >= waiting.group_limit THEN CONTINUE; END IF;
    IF waiting.is_backfill THEN
      DELETE FROM group_line WHERE group_key = key AND job_id = waiting.id AND is_backfill;
      size := size + feed_backfill(waiting.id, now_ms);
    ELSIF wake_job(waiting.id, waiting.pipeline, now_ms) THEN
      size := size + 1;
    END IF;
  END LOOP;
END
$$;

CREATE FUNCTION wake_groups(keys text[], now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  key text;
BEGIN
  FOREACH key IN ARRAY keys LOOP
    PERFORM wake_group(key, now_ms);
  END LOOP;
END
$$;
