-- Running runs: admitted, and without a verdict.

-- The worker of a start lost its lock but lives, so this was no crash. If the next start has already counted it as one, takes
-- that back.
CREATE FUNCTION mark_alive(hold jsonb) RETURNS void LANGUAGE sql AS $$
  UPDATE running_runs SET is_alive = is_alive OR start = (hold ->> 'start')::integer,
    crashes = crashes - CASE WHEN crashed ? (hold ->> 'start') THEN 1 ELSE 0 END, crashed = crashed - (hold ->> 'start')
  WHERE job_id = hold ->> 'jobId' AND queue_job_id = hold ->> 'queueJobId' AND run_id = hold ->> 'runId'
$$;

-- Whether a run waits for its job to be resumed if that is paused: true of the retry of a scheduled run.
CREATE FUNCTION waits_for_resume(held running_runs) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT held.suspended IS NOT DISTINCT FROM 'retry' AND held.kind = 'scheduled'
$$;

-- The job is paused: its retries lose their queue jobs.
CREATE FUNCTION hold_retries(of_job text) RETURNS void LANGUAGE sql AS $$
  SELECT drop_queue_jobs(ARRAY(SELECT queue_job_id FROM running_runs AS i WHERE job_id = of_job AND waits_for_resume(i)))
$$;

-- The job is resumed: its retries get queue jobs. Each has a new id, since a worker may be about to end the old one.
CREATE FUNCTION release_retries(of_job text, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  held running_runs;
  new_id text;
BEGIN
  PERFORM hold_retries(of_job);
  FOR held IN SELECT * FROM running_runs AS i WHERE job_id = of_job AND waits_for_resume(i) ORDER BY queue_job_id LOOP
    new_id := queue_job_id_of(of_job, 'c', nextval('{{fleet_numbers}}'), held.fire_at);
    UPDATE running_runs SET queue_job_id = new_id WHERE job_id = of_job AND queue_job_id = held.queue_job_id;
    PERFORM add_queue_job(new_id, held.pipeline, GREATEST(now_ms, held.resume_at), now_ms);
  END LOOP;
END
$$;
