/*
add_backfill: adds fire times to a job's backfill, and creates it if there is none.

plan         JSON: jobId, backfillId, fireTimes (epoch ms), concurrency, order ("oldest" or "latest"), isComplete (these are
             the last ones), by (who asks), scope? (owners whose jobs it may be)
now_ms       epoch ms; null = the server's clock
max_entries  not used
Returns JSON text "added", "conflict" (another backfill is not over), or "missing" (there is no such job).
*/
CREATE FUNCTION add_backfill(plan jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  -- Adding that made no progress for this long was given up.
  adding_ms constant bigint := 60000;
  of_job text := plan ->> 'jobId';
  b backfills;
  added bigint;
BEGIN
  PERFORM lock_jobs(ARRAY[of_job]);
  PERFORM 1 FROM jobs WHERE id = of_job AND is_in_scope(plan -> 'scope', owner);
  IF NOT FOUND THEN RETURN '"missing"'; END IF;
  now_ms := server_now(now_ms);
  SELECT * INTO b FROM backfills WHERE job_id = of_job FOR UPDATE;
  IF b.backfill_id = plan ->> 'backfillId' THEN
    -- A repeated call, whose answer was lost with a connection.
    IF b.state <> 'adding' THEN RETURN '"added"'; END IF;
  ELSE
    IF b.state IN ('active', 'paused') OR (b.state = 'adding' AND now_ms - b.touched_at <= adding_ms) THEN
      RETURN '"conflict"';
    END IF;
    DELETE FROM backfill_times WHERE job_id = of_job;
    DELETE FROM backfills WHERE job_id = of_job;
    INSERT INTO backfills (job_id, backfill_id, state, concurrency, is_latest_first, created_at, touched_at)
    VALUES (of_job, plan ->> 'backfillId', 'adding', (plan ->> 'concurrency')::integer, plan ->> 'order' = 'latest',
      now_ms, now_ms);
  END IF;
  INSERT INTO backfill_times (job_id, fire_at)
    SELECT of_job, t.fire_at FROM (
      SELECT DISTINCT value::bigint AS fire_at FROM jsonb_array_elements_text(plan -> 'fireTimes')) AS t
    WHERE NOT EXISTS (SELECT 1 FROM ledger AS l
        WHERE l.job_id = of_job AND l.fire_at = t.fire_at AND l.run_id = queue_job_id_of(of_job, 'b', 0, t.fire_at))
      AND NOT EXISTS (SELECT 1 FROM running_runs AS i
        WHERE i.job_id = of_job AND i.run_id = queue_job_id_of(of_job, 'b', 0, t.fire_at))
    ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS added = ROW_COUNT;
  UPDATE backfills SET total = total + added, touched_at = now_ms,
    state = CASE WHEN (plan ->> 'isComplete')::boolean THEN 'active' ELSE state END
  WHERE job_id = of_job;
  PERFORM feed_backfill(of_job, now_ms);
  IF (plan ->> 'isComplete')::boolean THEN
    PERFORM keep_change(jsonb_build_object('by', plan -> 'by', 'what', 'backfill-started', 'jobId', of_job,
      'owner', (SELECT owner FROM jobs WHERE id = of_job),
      'count', (SELECT total FROM backfills WHERE job_id = of_job)), NULL, now_ms);
  END IF;
  RETURN '"added"';
END
$$;
