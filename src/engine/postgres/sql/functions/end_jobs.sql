/*
end_jobs: lets go of queue jobs that a worker has done with, as BullMQ's own function does with those of which it keeps none,
but many in one call. One whose lock is somebody else's, or has ended, stays as it is.

held         JSON array: [id, token of its lock], ...
now_ms       not used
max_entries  not used
Returns a JSON array of those that could not be let go yet, since somebody touches them at this moment.
*/
CREATE FUNCTION end_jobs(held jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  ids text[];
  tokens text[];
  ended text[];
BEGIN
  SELECT array_agg(value ->> 0), array_agg(value ->> 1) INTO ids, tokens FROM jsonb_array_elements(held);
  ended := end_queue_jobs(ids, tokens);
  IF cardinality(ended) = cardinality(ids) THEN RETURN '[]'; END IF;
  RETURN (SELECT COALESCE(jsonb_agg(jsonb_build_array(id, token)), '[]')
    FROM unnest(ids, tokens) AS mine (held_id, token) JOIN {{bullmq_schema}}.job ON queue = '{{bullmq_queue}}' AND id = held_id
    WHERE state = 'active' AND lock_token = token);
END
$$;
