-- What an export reads beside ledgers, in the shapes that the Redis engine stores.

CREATE FUNCTION written_instance(held instances) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object('queueJobId', held.queue_job_id, 'id', held.run_id, 'kind', held.kind,
    'pipeline', held.pipeline, 'fireAt', held.fire_at, 'dueAt', held.due_at, 'fromAt', held.from_at, 'count', held.count,
    'startedAt', held.started_at, 'attemptAt', held.attempt_at, 'start', held.start, 'attempt', held.attempt,
    'failures', held.failures, 'crashes', held.crashes, 'worker', held.worker, 'group', held.group_key,
    'handedBack', held.is_handed_back, 'suspended', held.suspended, 'resumeAt', held.until_at, 'error', held.error,
    'cancel', held.cancel_reason, 'params', held.params))
$$;

CREATE FUNCTION written_queued(q pending) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object('id', q.run_id, 'kind', q.kind, 'fireAt', q.fire_at, 'dueAt', q.due_at,
    'fromAt', q.from_at, 'count', q.count, 'params', q.params, 'ignoreCondition', q.is_unconditional,
    'waitUntil', q.wait_until))
$$;

-- A job's last backfill with the fire times that have not begun; null if it had none.
CREATE FUNCTION written_backfill(of_job text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('backfillId', backfill_id, 'state', state, 'total', total, 'concurrency', concurrency,
    'order', CASE WHEN is_latest_first THEN 'latest' ELSE 'oldest' END, 'verdicts', counts, 'createdAt', created_at,
    'touchedAt', touched_at,
    'fireTimes', (SELECT COALESCE(jsonb_agg(fire_at ORDER BY fire_at), '[]') FROM backfill_times WHERE job_id = of_job))
  FROM backfills WHERE job_id = of_job
$$;

-- The runs of a job that have steps, oldest first.
CREATE FUNCTION list_step_runs(of_job text, skipped integer, max_runs integer) RETURNS jsonb LANGUAGE sql STABLE
SET search_path FROM CURRENT AS $$
  SELECT COALESCE(jsonb_agg(run_id ORDER BY fire_at, run_id), '[]') FROM (
    SELECT run_id, fire_at FROM step_runs WHERE job_id = of_job ORDER BY fire_at, run_id OFFSET skipped LIMIT max_runs) AS r
$$;

-- The queue jobs that a living worker has: taken, and the lock on them holds. Workers set it by their own clocks.
CREATE FUNCTION list_taken(max_ids integer) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
  SELECT COALESCE(jsonb_agg(id), '[]') FROM (
    SELECT id FROM {{bullmq_schema}}.job
    WHERE queue = '{{bullmq_queue}}' AND state = 'active' AND locked_until_ms > server_now(NULL) LIMIT max_ids) AS taken
$$;

-- Jobs, and removed jobs that left something behind, in the order of their ids:
-- {"cursor","sequence","jobs":[{"id","job","beside","queued","keepUntil","instances","requests"}]}. `job` is null for a removed
-- job, `cursor` at the end.
CREATE FUNCTION export_jobs(after_id text, max_jobs integer) RETURNS jsonb LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT AS $$
DECLARE
  ids text[];
BEGIN
  SELECT array_agg(id ORDER BY id) INTO ids FROM (
    SELECT id FROM (
      (SELECT id FROM jobs WHERE id > after_id ORDER BY id LIMIT max_jobs)
      UNION
      (SELECT job_id FROM ledgers WHERE job_id > after_id AND expires_at > server_now(NULL) ORDER BY job_id LIMIT max_jobs)
      UNION
      (SELECT DISTINCT job_id FROM instances WHERE job_id > after_id ORDER BY job_id LIMIT max_jobs)) AS known
    ORDER BY id LIMIT max_jobs) AS page;
  RETURN jsonb_build_object(
    'sequence', (SELECT last_value FROM {{fleet_numbers}}),
    'cursor', CASE WHEN cardinality(ids) = max_jobs THEN ids[max_jobs] END,
    'jobs', COALESCE((SELECT jsonb_agg(jsonb_build_object('id', page.id,
      'job', CASE WHEN j.id IS NOT NULL THEN written_job(j) END,
      'beside', jsonb_build_object('finishedAt', j.finished_at, 'lastSuccessAt', j.last_success_at,
        'successStreak', j.success_streak, 'failuresInARow', j.failures_in_a_row, 'backfill', written_backfill(j.id)),
      'queued', (SELECT COALESCE(jsonb_agg(written_queued(q) ORDER BY fire_at, run_id), '[]')
        FROM pending AS q WHERE job_id = j.id),
      'keepUntil', (SELECT expires_at FROM ledgers WHERE job_id = page.id),
      'instances', (SELECT COALESCE(jsonb_agg(written_instance(i) ORDER BY queue_job_id), '[]')
        FROM instances i WHERE job_id = page.id),
      'requests', (SELECT COALESCE(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('runId', run_id, 'fireAt', fire_at,
        'params', params, 'ignoreCondition', is_unconditional)) ORDER BY fire_at, run_id), '[]') FROM asked WHERE job_id = j.id)) ORDER BY page.id)
      FROM unnest(ids) AS page(id) LEFT JOIN jobs j ON j.id = page.id), '[]'));
END
$$;
