-- What is only read, in the shapes that the Redis engine stores: `result` and `error` as JSON text. Redis has commands for
-- this, where PostgreSQL has functions.

CREATE FUNCTION written_job(job jobs) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object(
    'id', job.id, 'definition', job.definition, 'revision', job.revision, 'generation', job.generation,
    'state', job.state, 'watermark', job.watermark, 'nextFireAt', job.next_fire_at,
    'nextDueAt', job.next_due_at, 'pausedAt', job.paused_at,
    'pausedReason', job.paused_reason, 'pausedUntil', job.paused_until, 'running', (SELECT count(*) FROM running_runs WHERE job_id = job.id AND kind <> 'backfill'),
    'counts', job.counts, 'lastRun', job.last_run, 'lastScheduledRun', job.last_scheduled_run, 'handedOver', job.handed_over,
    'skips', CASE WHEN job.skip_at IS NOT NULL THEN (
      SELECT jsonb_agg(jsonb_build_object('fireAt', fire_at, 'dueAt', due_at, 'reason', reason, 'by', requested_by, 'at', asked_at)
        ORDER BY fire_at) FROM skips WHERE job_id = job.id) END))
$$;

CREATE FUNCTION read_jobs(ids text[]) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT COALESCE(jsonb_agg(written_job(jobs)), '[]') FROM jobs WHERE id = ANY (ids)
$$;

CREATE FUNCTION row_of_ledger(l ledger) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object('id', l.run_id, 'state', l.verdict, 'kind', l.kind, 'fireAt', l.fire_at,
    'dueAt', l.due_at, 'fromAt', l.from_at, 'count', l.count, 'decidedAt', l.decided_at, 'startedAt', l.started_at,
    'finishedAt', l.finished_at, 'attempt', l.attempt, 'worker', l.worker, 'reason', l.reason,
    'coalescedInto', l.coalesced_into, 'owner', l.owner, 'by', l.requested_by, 'cancelledBy', l.cancelled_by, 'note', l.note,
    'result', l.result::text, 'error', l.error::text))
    -- A fact that is null is a value.
    || CASE WHEN l.facts IS NULL THEN '{}' ELSE jsonb_build_object('facts', l.facts) END
$$;

-- query: JSON jobId, fromAt, toAt, offset, limit, order ("latest" or "oldest").
CREATE FUNCTION read_ledger(query jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
  rows jsonb;
BEGIN
  IF EXISTS (SELECT 1 FROM ledgers WHERE job_id = query ->> 'jobId' AND expires_at <= server_now(NULL)) THEN
    RETURN '[]';
  END IF;
  IF query ->> 'order' = 'latest' THEN
    SELECT jsonb_agg(row_of_ledger(l) ORDER BY fire_at DESC, id DESC) INTO rows FROM (
      SELECT ledger.* FROM ledger WHERE job_id = query ->> 'jobId'
        AND fire_at BETWEEN (query ->> 'fromAt')::bigint AND (query ->> 'toAt')::bigint
      ORDER BY fire_at DESC, id DESC OFFSET (query ->> 'offset')::bigint LIMIT (query ->> 'limit')::bigint) AS l;
  ELSE
    SELECT jsonb_agg(row_of_ledger(l) ORDER BY fire_at, id) INTO rows FROM (
      SELECT ledger.* FROM ledger WHERE job_id = query ->> 'jobId'
        AND fire_at BETWEEN (query ->> 'fromAt')::bigint AND (query ->> 'toAt')::bigint
      ORDER BY fire_at, id OFFSET (query ->> 'offset')::bigint LIMIT (query ->> 'limit')::bigint) AS l;
  END IF;
  RETURN COALESCE(rows, '[]');
END
$$;

-- Up to which fire time rows of a job were deleted on request; null if none were.
CREATE FUNCTION read_cleaned_to(of_job text) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT to_jsonb(cleaned_to) FROM ledgers WHERE job_id = of_job
$$;

CREATE FUNCTION read_open_runs(of_job text) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT COALESCE(jsonb_agg(entry), '[]') FROM (
    SELECT jsonb_strip_nulls(jsonb_build_object('id', run_id, 'state', CASE
        WHEN suspended = 'sleep' THEN 'sleeping' WHEN suspended = 'retry' OR is_handed_back THEN 'retrying' ELSE 'running' END,
      'kind', kind, 'fireAt', fire_at, 'dueAt', due_at, 'startedAt', attempt_at, 'attempt', attempt, 'worker', worker,
      'error', error, 'owner', owner, 'by', requested_by))
    FROM running_runs WHERE job_id = of_job
    UNION ALL
    SELECT jsonb_strip_nulls(jsonb_build_object('id', run_id, 'state', 'queued', 'kind', kind, 'fireAt', fire_at,
      'dueAt', due_at, 'waitUntil', wait_until, 'by', requested_by))
    FROM queued_runs WHERE job_id = of_job
    UNION ALL
    SELECT jsonb_strip_nulls(jsonb_build_object('id', run_id, 'state', 'queued', 'kind', 'manual', 'fireAt', fire_at,
      'dueAt', fire_at, 'by', requested_by))
    FROM run_requests WHERE job_id = of_job) AS open_runs(entry)
$$;

-- Of several jobs the latest rows and the open runs: [{"rows", "open"}] in the order of the ids.
-- query: JSON jobIds, fromAt, toAt, limit (rows of each).
CREATE FUNCTION read_ledgers(query jsonb) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT COALESCE(jsonb_agg(jsonb_build_object(
      'rows', read_ledger(query - 'jobIds' || jsonb_build_object('jobId', id, 'offset', 0, 'order', 'latest')),
      'open', read_open_runs(id)) ORDER BY place), '[]')
  FROM jsonb_array_elements_text(query -> 'jobIds') WITH ORDINALITY AS asked(id, place)
$$;

-- Which of these runs are to be cancelled. holds: JSON array of {jobId, queueJobId, runId}.
CREATE FUNCTION read_cancels(holds jsonb) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT COALESCE(jsonb_agg(jsonb_build_object('queueJobId', queue_job_id, 'reason', cancel_reason)), '[]')
  FROM jsonb_array_elements(holds) AS hold
  JOIN running_runs ON job_id = hold ->> 'jobId' AND queue_job_id = hold ->> 'queueJobId'
    AND run_id = hold ->> 'runId'
  WHERE cancel_reason IS NOT NULL
$$;

-- The entries after one, and where the log stands: {"lastId","trimmedTo","entries":[{"id","entry"}]}, `entry` JSON text.
CREATE FUNCTION read_events(after_id bigint, max_rows integer) RETURNS jsonb LANGUAGE sql STABLE
SET search_path FROM CURRENT AS $$
  SELECT jsonb_build_object('lastId', last_id, 'trimmedTo', trimmed_to, 'entries', (
    SELECT COALESCE(jsonb_agg(jsonb_build_object('id', id, 'entry', entry) ORDER BY id), '[]') FROM (
      SELECT id, entry FROM events WHERE id > after_id ORDER BY id LIMIT max_rows) AS e))
  FROM event_log
$$;

-- The steps of a run, as a JSON array of JSON texts.
CREATE FUNCTION read_steps(of_run text) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT COALESCE(jsonb_agg(record), '[]') FROM steps WHERE run_id = of_run
$$;

-- Lines of a run's log after the one with the id `after_id`, as a JSON array of [id, JSON text].
CREATE FUNCTION read_logs(of_run text, after_id bigint, most integer) RETURNS jsonb LANGUAGE sql STABLE
SET search_path FROM CURRENT AS $$
  SELECT COALESCE(jsonb_agg(jsonb_build_array(id, line) ORDER BY id), '[]')
  FROM (SELECT id, line FROM logs WHERE run_id = of_run AND id > after_id ORDER BY id LIMIT most) AS page
$$;

-- The state of a job's last backfill; null if it had none.
CREATE FUNCTION read_backfill(of_job text) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT jsonb_build_object('backfillId', backfill_id, 'state', state, 'total', total,
    'waiting', (SELECT count(*) FROM backfill_times WHERE job_id = of_job),
    'running', (SELECT count(*) FROM running_runs WHERE job_id = of_job AND kind = 'backfill'),
    'verdicts', counts, 'concurrency', concurrency,
    'order', CASE WHEN is_latest_first THEN 'latest' ELSE 'oldest' END, 'createdAt', created_at)
  FROM backfills WHERE job_id = of_job
$$;

-- What a day or an hour came to: {"at","marks":{mark:n},"latenessMaxMs","durationMaxMs"}. counts: JSON array of
-- [mark, n, greatest lateness, greatest duration].
CREATE FUNCTION written_roll_up(at bigint, counts jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('at', at, 'marks', jsonb_object_agg(c ->> 0, c -> 1),
    'latenessMaxMs', COALESCE(max((c ->> 2)::bigint), 0), 'durationMaxMs', COALESCE(max((c ->> 3)::bigint), 0))
  FROM jsonb_array_elements(counts) AS c
$$;

-- query: JSON jobIds, fromAt, toAt. What is not folded yet counts, too.
CREATE FUNCTION read_days(query jsonb) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  WITH asked AS (
    SELECT value AS job_id FROM jsonb_array_elements_text(query -> 'jobIds') WHERE NOT EXISTS (
      SELECT 1 FROM ledgers WHERE ledgers.job_id = value AND expires_at <= server_now(NULL))
  ), days AS (
    SELECT generate_series(GREATEST(min(day), ((query ->> 'fromAt')::bigint + 86399999) / 86400000),
      LEAST(max(day), (query ->> 'toAt')::bigint / 86400000)) AS day
    FROM ((SELECT day FROM job_days ORDER BY day LIMIT 1) UNION (SELECT day FROM job_days ORDER BY day DESC LIMIT 1)) AS ends
  ), parts AS (
    SELECT day, job_id, mark, count, lateness_ms, duration_ms
    FROM days CROSS JOIN asked JOIN job_days USING (day, job_id)
    UNION ALL
    SELECT decided_at / 86400000, job_id, mark, count, lateness_ms, duration_ms
    FROM roll_up_deltas JOIN asked USING (job_id)
    WHERE decided_at / 86400000 * 86400000 BETWEEN (query ->> 'fromAt')::bigint AND (query ->> 'toAt')::bigint
  ), marks AS (
    SELECT job_id, day, jsonb_build_array(mark, sum(count), max(lateness_ms), max(duration_ms)) AS counts
    FROM parts GROUP BY job_id, day, mark
  )
  SELECT COALESCE(jsonb_agg(jsonb_build_object('jobId', job_id, 'days', days)), '[]') FROM (
    SELECT job_id, jsonb_agg(written_roll_up(day * 86400000, counts) ORDER BY day) AS days
    FROM (SELECT job_id, day, jsonb_agg(counts) AS counts FROM marks GROUP BY job_id, day) AS one GROUP BY job_id) AS each
$$;

-- query: JSON fromAt, toAt.
CREATE FUNCTION read_hours(query jsonb) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  WITH parts AS (
    SELECT hour, mark, count, lateness_ms, duration_ms FROM queue_hours
    UNION ALL
    SELECT decided_at / 3600000, mark, count, lateness_ms, duration_ms FROM roll_up_deltas
  ), marks AS (
    SELECT hour, jsonb_build_array(mark, sum(count), max(lateness_ms), max(duration_ms)) AS counts FROM parts
    WHERE hour BETWEEN ((query ->> 'fromAt')::bigint + 3599999) / 3600000 AND (query ->> 'toAt')::bigint / 3600000
    GROUP BY hour, mark
  )
  SELECT COALESCE(jsonb_agg(written_roll_up(hour * 3600000, counts) ORDER BY hour), '[]')
  FROM (SELECT hour, jsonb_agg(counts) AS counts FROM marks GROUP BY hour) AS one
$$;

-- A page of one of the fleet's lists of changes, newest first: [the last place, [[place, JSON text]]].
CREATE FUNCTION read_changes(of_list text, before_place bigint, most integer) RETURNS jsonb LANGUAGE sql STABLE
SET search_path FROM CURRENT AS $$
  SELECT jsonb_build_array(COALESCE((SELECT max(id) FROM changes WHERE list = of_list), 0), (
    SELECT COALESCE(jsonb_agg(jsonb_build_array(id, entry::text) ORDER BY id DESC), '[]') FROM (
      SELECT id, entry FROM changes WHERE list = of_list AND (before_place IS NULL OR id < before_place)
      ORDER BY id DESC LIMIT most) AS page))
$$;

-- A job's own changes, newest first, as a JSON array of JSON texts. None once those of a removed job have ended.
CREATE FUNCTION read_revisions(of_job text) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT COALESCE(jsonb_agg(entry::text ORDER BY id DESC), '[]') FROM revisions WHERE job_id = of_job
    AND NOT EXISTS (SELECT 1 FROM ledgers WHERE job_id = of_job AND expires_at <= server_now(NULL))
$$;
