/*
request_run: records a manual run, and adds its queue job; or finds the run that was asked for by the same number before.

request      JSON: jobId, sequence (made by the caller: a repeated request makes one run), params (JSON text)?,
             ignoreCondition?, by (who asks), bulk? (the id of the call that asks for many), scope? (owners whose jobs it may be)
now_ms       epoch ms; null = the server's clock
max_entries  not used
Returns JSON: {"runId":id,"isNew":true or false}; or null if there is no such job.
*/
CREATE FUNCTION request_run(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  -- How long a job knows the numbers of its requests, and how many of them at most, about: the latest.
  asked_ms constant bigint := 86400000;
  max_asked constant integer := 1000;
  asked_number constant bigint := (request ->> 'sequence')::bigint;
  job jobs;
  asked_at bigint;
  is_new boolean;
  new_run_id text;
BEGIN
  SELECT * INTO job FROM jobs WHERE id = request ->> 'jobId' AND is_in_scope(request -> 'scope', owner) FOR UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  now_ms := server_now(now_ms);
  INSERT INTO asked_runs AS a (job_id, number, fire_at) VALUES (job.id, asked_number, now_ms)
  ON CONFLICT (job_id, number) DO UPDATE SET fire_at = excluded.fire_at WHERE a.fire_at <= now_ms - asked_ms
  RETURNING fire_at INTO asked_at;
  is_new := FOUND;
  IF NOT is_new THEN SELECT fire_at INTO asked_at FROM asked_runs WHERE job_id = job.id AND number = asked_number; END IF;
  new_run_id := queue_job_id_of(job.id, 'm', asked_number, asked_at);
  IF is_new THEN
    -- Now and then: numbers are random.
    IF asked_number % 100 = 0 THEN
      DELETE FROM asked_runs WHERE job_id = job.id AND fire_at < (
        SELECT fire_at FROM asked_runs WHERE job_id = job.id ORDER BY fire_at DESC OFFSET max_asked - 1 LIMIT 1);
    END IF;
    INSERT INTO run_requests (job_id, run_id, fire_at, params, ignore_condition, requested_by)
    VALUES (job.id, new_run_id, asked_at, request ->> 'params', COALESCE((request ->> 'ignoreCondition')::boolean, false),
      request -> 'by')
    ON CONFLICT DO NOTHING;
    PERFORM add_queue_job(new_run_id, job.pipeline, asked_at, now_ms);
    PERFORM keep_change(jsonb_build_object('by', request -> 'by', 'what', 'run', 'jobId', job.id, 'owner', job.owner,
      'runId', new_run_id, 'bulk', request -> 'bulk'), NULL, now_ms);
  END IF;
  RETURN jsonb_build_object('runId', new_run_id, 'isNew', is_new);
END
$$;
