/*
take_jobs: takes queue jobs for a worker as BullMQ's own function does, but many in one call, in BullMQ's order: what
waits, and what has become due. BullMQ's events of it, which nobody reads here, are left out. A test compares the rows with
BullMQ's own.

request      JSON: token (of their locks), lockMs, count (at most so many), isAgain (the answer to the same request was lost)
now_ms       not used: what is due in the queue, and how long a lock lasts, is told by the server's own clock
max_entries  not used
Returns JSON: {"jobs":[[id, name, how often it was taken], ...], "untilNextMs": until the next becomes due (0 = none is
known, or the queue is paused), "isMore": whether there may be more to take now}.
*/

-- At most so many queue jobs may be taken now, as far as the queue as a whole is concerned.
CREATE FUNCTION room_in_queue(most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  is_paused boolean;
  concurrency integer;
BEGIN
  SELECT bool_or(field = 'paused' AND value = '1'), max(value::integer) FILTER (WHERE field = 'concurrency')
  INTO is_paused, concurrency
  FROM {{bullmq_schema}}.meta WHERE queue = '{{bullmq_queue}}' AND field IN ('paused', 'concurrency');
  IF is_paused THEN RETURN 0; END IF;
  IF concurrency IS NULL THEN RETURN most; END IF;
  -- The lock that BullMQ takes for this: its workers count the same rows.
  PERFORM pg_advisory_xact_lock(hashtext('bullmq:concurrency:{{bullmq_queue}}'));
  RETURN LEAST(most, concurrency - (SELECT count(*) FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND state = 'active'));
END
$$;

-- What has become due stands in line behind what waits.
CREATE FUNCTION release_due(most integer, now_ms bigint) RETURNS void LANGUAGE sql AS $$
  UPDATE {{bullmq_schema}}.job SET state = 'waiting', delay_ms = 0 WHERE queue = '{{bullmq_queue}}' AND id IN (
    SELECT id FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND state = 'delayed' AND process_at_ms <= now_ms
    ORDER BY process_at_ms, seq LIMIT most FOR UPDATE SKIP LOCKED)
$$;

CREATE FUNCTION take_jobs(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  -- Of what is taken while others wait, so many come into the line behind them: enough for nothing to be passed over for ever.
  released_share constant numeric := 0.25;
  max_released constant integer := 1000;
  token text := request ->> 'token';
  lock_ms bigint := (request ->> 'lockMs')::bigint;
  most integer := room_in_queue((request ->> 'count')::integer);
  queue_now bigint := server_now(NULL);
  ids text[] := '{}';
  jobs jsonb;
  next_due bigint;
BEGIN
  IF (request ->> 'isAgain')::boolean THEN
    SELECT jsonb_agg(jsonb_build_array(id, name, attempts_started)) INTO jobs
    FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND state = 'active' AND lock_token = token;
    IF jobs IS NOT NULL THEN RETURN jsonb_build_object('jobs', jobs, 'untilNextMs', 0, 'isMore', true); END IF;
  END IF;
  IF most <= 0 THEN
    -- BullMQ's wait for a sign sees a pause for what is in line, and not for what is delayed.
    PERFORM release_due(max_released, queue_now);
    RETURN '{"jobs":[],"untilNextMs":0,"isMore":false}';
  END IF;
  IF EXISTS (SELECT 1 FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND state = 'waiting') THEN
    PERFORM release_due(ceil(most * released_share)::integer, queue_now);
    ids := ARRAY(SELECT id FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND state = 'waiting'
      ORDER BY priority, seq LIMIT most FOR UPDATE SKIP LOCKED);
  END IF;
  IF cardinality(ids) < most THEN
    ids := ids || ARRAY(SELECT id FROM {{bullmq_schema}}.job
      WHERE queue = '{{bullmq_queue}}' AND state = 'delayed' AND process_at_ms <= queue_now
      ORDER BY process_at_ms, seq LIMIT most - cardinality(ids) FOR UPDATE SKIP LOCKED);
  END IF;
  WITH taken AS (
    UPDATE {{bullmq_schema}}.job SET state = 'active', delay_ms = 0, lock_token = token, locked_until_ms = queue_now + lock_ms,
      processed_at_ms = queue_now, attempts_started = attempts_started + 1
    WHERE queue = '{{bullmq_queue}}' AND id = ANY (ids) RETURNING id, name, attempts_started
  )
  SELECT COALESCE(jsonb_agg(jsonb_build_array(id, name, attempts_started) ORDER BY array_position(ids, id)), '[]') INTO jobs
  FROM taken;
  SELECT min(process_at_ms) INTO next_due FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND state = 'delayed';
  RETURN jsonb_build_object('jobs', jobs, 'isMore', cardinality(ids) = most,
    -- To the microsecond: who comes too early finds nothing.
    'untilNextMs', CASE WHEN next_due IS NULL THEN 0
      ELSE GREATEST(1, next_due - extract(epoch FROM clock_timestamp()) * 1000) END);
END
$$;
