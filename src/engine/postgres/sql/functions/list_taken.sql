/*
list_taken: the queue jobs that living workers have: taken, with a lock that has not expired. Workers set it by their own clocks.

max_ids      ids returned at most
Returns a JSON array of ids.
*/
CREATE FUNCTION list_taken(max_ids integer) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT COALESCE(jsonb_agg(id), '[]') FROM (
    SELECT id FROM {{bullmq_schema}}.job
    WHERE queue = '{{bullmq_queue}}' AND state = 'active' AND locked_until_ms > server_now(NULL) LIMIT max_ids) AS taken
$$;
