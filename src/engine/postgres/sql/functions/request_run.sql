/*
request_run: records a manual run, and adds its queue job.

request      JSON: jobId, sequence (made by the caller, so that a repeated request makes one run), params (JSON text)?,
             ignoreCondition?, by (who asks), bulk? (the id of the call that asks for many)
now_ms       epoch ms; null = the server's clock
max_entries  not used
Returns the id of the run as a JSON text, or null if there is no such job.
*/
CREATE FUNCTION request_run(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  job jobs;
  new_run_id text;
  is_new boolean;
BEGIN
  SELECT * INTO job FROM jobs WHERE id = request ->> 'jobId' FOR UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  now_ms := server_now(now_ms);
  new_run_id := queue_job_id_of(job.id, 'm', (request ->> 'sequence')::bigint, now_ms);
  INSERT INTO run_requests (job_id, run_id, fire_at, params, ignore_condition, requested_by)
  VALUES (job.id, new_run_id, now_ms, request ->> 'params', COALESCE((request ->> 'ignoreCondition')::boolean, false),
    request -> 'by')
  ON CONFLICT DO NOTHING;
  is_new := FOUND;
  PERFORM add_queue_job(new_run_id, job.pipeline, now_ms, now_ms);
  IF is_new THEN
    PERFORM keep_change(jsonb_build_object('by', request -> 'by', 'what', 'run', 'jobId', job.id, 'owner', job.owner,
      'runId', new_run_id, 'bulk', request -> 'bulk'), NULL, now_ms);
  END IF;
  RETURN to_jsonb(new_run_id);
END
$$;
