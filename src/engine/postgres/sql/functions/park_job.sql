/*
park_job: puts a queue job that a worker holds back among the delayed, by the server's own clock.

request      JSON: id, token (of its lock), delayMs
now_ms       not used
max_entries  not used
Returns true; false if the lock expired or belongs to another worker.
*/
CREATE FUNCTION park_job(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  delay bigint := (request ->> 'delayMs')::bigint;
BEGIN
  UPDATE {{bullmq_schema}}.job SET state = 'delayed', process_at_ms = server_now(NULL) + delay, delay_ms = delay,
    lock_token = NULL, locked_until_ms = NULL
  WHERE queue = '{{bullmq_queue}}' AND id = request ->> 'id' AND state = 'active' AND lock_token = request ->> 'token';
  IF NOT FOUND THEN RETURN 'false'; END IF;
  PERFORM pg_notify('bullmq_jobs', '{{bullmq_queue}}');
  RETURN 'true';
END
$$;
