/*
take_jobs: takes queue jobs for a worker as BullMQ's own function does, but many per call, in BullMQ's order: waiting, due.
BullMQ's events, which nobody reads here, are left out. A test compares the rows with BullMQ's own.

request      JSON: token (of their locks), lockMs (how long they last), count (at most this many), isAgain (a repeated request,
             whose answer was lost), limit (absent: none) with max and perMs: at most this many are taken per perMs, by all
             takers together. BullMQ's limit of the whole queue takes precedence, and its row counts for both, so that bare
             BullMQ workers are counted too
now_ms       not used: what is due in the queue, and how long a lock lasts, goes by the server's own clock
max_entries  not used
Returns JSON: {"jobs":[[id, name, how often it was taken], ...], "untilNextMs": until the next becomes due (0 = none
known, or the queue is paused) or the limit allows more, "isMore": whether there may be more to take now, "isLimited": whether
the limit does not allow it yet}.
*/

-- How many queue jobs may be taken now as far as the whole queue is concerned; for how long its rate limit allows none; and the
-- time that the limit counts in (NULL = there is no limit).
CREATE FUNCTION room_in_queue(
  most integer, rate_limit jsonb, now_ms bigint, OUT room integer, OUT limited_ms bigint, OUT per_ms bigint
) LANGUAGE plpgsql AS $$
DECLARE
  settings record;
  max_taken bigint;
  used bigint;
  until_ms bigint;
BEGIN
  SELECT bool_or(field = 'paused' AND value = '1') AS is_paused, max(value::integer) FILTER (WHERE field = 'concurrency') AS concurrency,
    max(value::bigint) FILTER (WHERE field = 'max') AS max_taken, max(value::bigint) FILTER (WHERE field = 'duration') AS per_ms
  INTO settings
  FROM {{bullmq_schema}}.meta WHERE queue = '{{bullmq_queue}}' AND field IN ('paused', 'concurrency', 'max', 'duration');
  limited_ms := 0;
  room := CASE WHEN settings.is_paused THEN 0 ELSE most END;
  IF room = 0 THEN RETURN; END IF;
  -- The locks that BullMQ takes for this, in its order: its workers count the same rows.
  IF settings.concurrency IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext('bullmq:concurrency:{{bullmq_queue}}'));
    room := LEAST(most, settings.concurrency - (SELECT count(*) FROM {{bullmq_schema}}.job
      WHERE queue = '{{bullmq_queue}}' AND state = 'active'));
  END IF;
  max_taken := COALESCE(settings.max_taken, (rate_limit ->> 'max')::bigint);
  IF max_taken IS NULL THEN RETURN; END IF;
  per_ms := COALESCE(floor((rate_limit ->> 'perMs')::numeric)::bigint, settings.per_ms);
  PERFORM pg_advisory_xact_lock(hashtext('bullmq:limiter:{{bullmq_queue}}'));
  SELECT points, expire_at_ms INTO used, until_ms
  FROM {{bullmq_schema}}.rate_limit WHERE queue = '{{bullmq_queue}}' AND expire_at_ms > now_ms;
  room := LEAST(room, GREATEST(0, max_taken - COALESCE(used, 0)));
  IF used < max_taken THEN RETURN; END IF;
  -- A window that began under a longer limit must not outlast a whole one of this limit. BullMQ's `rateLimit(ms)` counts
  -- 2^53 - 1 to close the queue for a time of its own.
  IF until_ms - now_ms > per_ms AND used < 9007199254740991 THEN
    until_ms := now_ms + per_ms;
    UPDATE {{bullmq_schema}}.rate_limit SET expire_at_ms = until_ms WHERE queue = '{{bullmq_queue}}';
  END IF;
  limited_ms := COALESCE(until_ms - now_ms, 0);
END
$$;

-- Counts what was taken towards the rate limit. The first one starts its time.
CREATE FUNCTION count_taken(taken bigint, per_ms bigint, now_ms bigint) RETURNS void LANGUAGE sql AS $$
  INSERT INTO {{bullmq_schema}}.rate_limit AS l (queue, points, expire_at_ms) VALUES ('{{bullmq_queue}}', taken, now_ms + per_ms)
  ON CONFLICT (queue) DO UPDATE SET
    points = CASE WHEN l.expire_at_ms <= now_ms THEN taken ELSE l.points + taken END,
    expire_at_ms = CASE WHEN l.expire_at_ms <= now_ms THEN now_ms + per_ms ELSE l.expire_at_ms END
$$;

-- Queue jobs that are due line up behind those that wait.
CREATE FUNCTION release_due(most integer, now_ms bigint) RETURNS void LANGUAGE sql AS $$
  UPDATE {{bullmq_schema}}.job SET state = 'waiting', delay_ms = 0 WHERE queue = '{{bullmq_queue}}' AND id IN (
    SELECT id FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND state = 'delayed' AND process_at_ms <= now_ms
    ORDER BY process_at_ms, seq LIMIT most FOR UPDATE SKIP LOCKED)
$$;

CREATE FUNCTION take_jobs(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  -- While others wait, this share of what is taken moves from the delayed to the waiting: enough that nothing starves.
  released_share constant numeric := 0.25;
  max_released constant integer := 1000;
  token text := request ->> 'token';
  lock_ms bigint := (request ->> 'lockMs')::bigint;
  queue_now bigint := server_now(NULL);
  most integer;
  limited_ms bigint;
  per_ms bigint;
  ids text[] := '{}';
  jobs jsonb;
  next_due bigint;
BEGIN
  IF (request ->> 'isAgain')::boolean THEN
    SELECT jsonb_agg(jsonb_build_array(id, name, attempts_started)) INTO jobs
    FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND state = 'active' AND lock_token = token;
    IF jobs IS NOT NULL THEN RETURN jsonb_build_object('jobs', jobs, 'untilNextMs', 0, 'isMore', true, 'isLimited', false); END IF;
  END IF;
  SELECT r.room, r.limited_ms, r.per_ms INTO most, limited_ms, per_ms
  FROM room_in_queue((request ->> 'count')::integer, request -> 'limit', queue_now) AS r;
  IF limited_ms > 0 THEN
    RETURN jsonb_build_object('jobs', jsonb_build_array(), 'untilNextMs', limited_ms, 'isMore', false, 'isLimited', true);
  END IF;
  IF most <= 0 THEN
    -- BullMQ's wait for a signal respects a pause for waiting queue jobs, and not for delayed ones.
    PERFORM release_due(max_released, queue_now);
    RETURN '{"jobs":[],"untilNextMs":0,"isMore":false,"isLimited":false}';
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
  IF per_ms > 0 AND jobs <> '[]' THEN PERFORM count_taken(jsonb_array_length(jobs), per_ms, queue_now); END IF;
  SELECT min(process_at_ms) INTO next_due FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND state = 'delayed';
  RETURN jsonb_build_object('jobs', jobs, 'isMore', cardinality(ids) = most, 'isLimited', false,
    -- To the microsecond: a worker that comes too early finds nothing.
    'untilNextMs', CASE WHEN next_due IS NULL THEN 0
      ELSE GREATEST(1, next_due - extract(epoch FROM clock_timestamp()) * 1000) END);
END
$$;
