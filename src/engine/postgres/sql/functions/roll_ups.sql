-- Roll-ups: what the rows of the ledger come to, by day of each job and by hour of the queue. `src/jobs/marks.ts` says in which
-- hour and day a row counts.

-- Counts a row that is being added.
CREATE FUNCTION count_row(entry ledger) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  decided bigint := COALESCE(entry.finished_at, entry.decided_at);
  late bigint := CASE WHEN entry.kind = 'scheduled' AND entry.attempt = 1 THEN GREATEST(0, entry.started_at - entry.due_at) END;
  took bigint := CASE WHEN entry.verdict IN ('succeeded', 'failed') THEN GREATEST(0, entry.finished_at - entry.started_at) END;
BEGIN
  -- GREATEST ignores nulls.
  IF entry.started_at IS NULL THEN late := NULL; took := NULL; END IF;
  INSERT INTO roll_up_deltas (job_id, decided_at, mark, count, lateness_ms, duration_ms)
  VALUES (entry.job_id, decided, code_of(entry.kind, entry.verdict, entry.reason)
    || COALESCE(bucket_of(late), CASE WHEN took IS NOT NULL THEN 'x' END, '') || COALESCE(bucket_of(took), ''),
    COALESCE(entry.count, 1), late, took);
  IF entry.attempt > 1 THEN
    INSERT INTO roll_up_deltas (job_id, decided_at, mark, count) VALUES (entry.job_id, decided, 'r', entry.attempt - 1);
  END IF;
END
$$;

-- Adds up to so many deltas, each once, to days and hours. Those of a removed job whose ledger has ended count for the hours only.
CREATE FUNCTION fold_roll_ups(most bigint) RETURNS void LANGUAGE sql AS $$
  WITH taken AS (
    DELETE FROM roll_up_deltas
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM roll_up_deltas LIMIT most FOR UPDATE SKIP LOCKED)) RETURNING *
  ), of_jobs AS (
    INSERT INTO job_days AS kept (day, job_id, mark, count, lateness_ms, duration_ms)
    SELECT decided_at / 86400000 AS day, job_id, mark, sum(count), max(lateness_ms), max(duration_ms)
    FROM taken WHERE EXISTS (SELECT 1 FROM ledgers WHERE ledgers.job_id = taken.job_id) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (day, job_id, mark) DO UPDATE SET count = kept.count + excluded.count,
      lateness_ms = GREATEST(kept.lateness_ms, excluded.lateness_ms),
      duration_ms = GREATEST(kept.duration_ms, excluded.duration_ms)
  )
  INSERT INTO queue_hours AS kept (hour, mark, count, lateness_ms, duration_ms)
  SELECT decided_at / 3600000 AS hour, mark, sum(count), max(lateness_ms), max(duration_ms)
  FROM taken GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT (hour, mark) DO UPDATE SET count = kept.count + excluded.count,
    lateness_ms = GREATEST(kept.lateness_ms, excluded.lateness_ms),
    duration_ms = GREATEST(kept.duration_ms, excluded.duration_ms)
$$;

-- Deletes days and hours that are not kept any more.
CREATE FUNCTION drop_old_roll_ups(now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  kept_days constant bigint := 35;
  kept_hours constant bigint := 9600;
BEGIN
  DELETE FROM job_days WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM job_days WHERE day <= now_ms / 86400000 - kept_days LIMIT 10000));
  DELETE FROM queue_hours WHERE hour <= now_ms / 3600000 - kept_hours;
END
$$;
