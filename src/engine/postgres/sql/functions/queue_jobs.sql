/*
Adds a queue job as BullMQ would, in the same step as the decision that needs it, so that no crash can come between the two.
Leaves one that exists as it is. A test compares the row with BullMQ's own.

Idle workers wait for the earliest delayed queue job that they know of, and look again then. They are signalled about one that
is due now, or before all others, and not about each.
*/
CREATE FUNCTION add_queue_job(new_id text, pipeline text, due_at bigint, now_ms bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  delay bigint := GREATEST(0, due_at - now_ms);
BEGIN
  INSERT INTO {{bullmq_schema}}.job (queue, id, seq, name, state, data, opts, delay_ms, max_attempts, added_at_ms, process_at_ms)
  VALUES ('{{bullmq_queue}}', new_id, nextval('{{bullmq_schema}}.job_seq'), pipeline,
    CASE WHEN delay > 0 THEN 'delayed' ELSE 'waiting' END::{{bullmq_schema}}.job_state, '0',
    '{"attempts":0,"removeOnComplete":true,"removeOnFail":true}', delay, 0, due_at - delay,
    CASE WHEN delay > 0 THEN due_at END)
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN; END IF;
  IF delay = 0 OR NOT EXISTS (SELECT 1 FROM {{bullmq_schema}}.job
    WHERE queue = '{{bullmq_queue}}' AND state = 'delayed' AND process_at_ms <= due_at AND id <> new_id) THEN
    PERFORM pg_notify('bullmq_jobs', '{{bullmq_queue}}');
  END IF;
END
$$;

/*
Ends queue jobs, each if it is still locked with its token, and returns those that ended. One that another transaction touches
at this moment stays: a worker that renews many locks at once takes their rows in another order, and the two would wait for
each other.
*/
CREATE FUNCTION end_queue_jobs(ids text[], tokens text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  ended text[];
BEGIN
  ended := ARRAY(SELECT id FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND id = ANY (ids) AND state = 'active'
    AND lock_token = tokens[array_position(ids, id)] FOR UPDATE SKIP LOCKED);
  DELETE FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND id = ANY (ended);
  RETURN ended;
END
$$;

-- Deletes queue jobs that no worker has. One that is being handed out at this moment stays: its worker will find nothing to do.
CREATE FUNCTION drop_queue_jobs(old_ids text[]) RETURNS void LANGUAGE sql AS $$
  DELETE FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND id IN (SELECT id FROM {{bullmq_schema}}.job
    WHERE queue = '{{bullmq_queue}}' AND id = ANY (old_ids) AND state IN ('delayed', 'waiting') FOR UPDATE SKIP LOCKED)
$$;

CREATE FUNCTION drop_queue_job(old_id text) RETURNS void LANGUAGE sql AS $$
  SELECT drop_queue_jobs(ARRAY[old_id])
$$;
