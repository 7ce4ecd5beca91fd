/*
end_jobs: ends queue jobs that a worker is done with, as BullMQ's own function does with jobs that it does not keep, but many
per call. A queue job whose lock expired or belongs to another worker stays as it is.

held         JSON array: [id, token of its lock], ...
now_ms       not used
max_entries  not used
Returns a JSON array of those that could not be ended yet, because another transaction touches them at this moment.
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
