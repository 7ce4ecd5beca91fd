/*
export_jobs: a page of jobs with everything kept for them but their ledgers, and of removed jobs that left something.

after_id     the last id of the page before; empty = from the start
max_jobs     how many jobs
Returns JSON, in the order of ids:
  {"cursor","sequence","jobs":[{"id","job","beside","queued","keepUntil","cleanedTo","running","requests"}]}
`job` is null for a removed job, `cursor` at the end. Queued and running runs have the shapes that the Redis engine stores.
*/

CREATE FUNCTION written_running(held running_runs) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object('queueJobId', held.queue_job_id, 'id', held.run_id, 'kind', held.kind,
    'pipeline', held.pipeline, 'fireAt', held.fire_at, 'dueAt', held.due_at, 'fromAt', held.from_at, 'count', held.count,
    'startedAt', held.started_at, 'attemptAt', held.attempt_at, 'start', held.start, 'attempt', held.attempt,
    'failures', held.failures, 'crashes', held.crashes, 'worker', held.worker, 'groupKey', held.group_key,
    'isHandedBack', held.is_handed_back, 'suspended', held.suspended, 'resumeAt', held.resume_at, 'error', held.error,
    'cancelReason', held.cancel_reason, 'params', held.params, 'owner', held.owner, 'by', held.requested_by,
    'cancelledBy', held.cancelled_by))
$$;

CREATE FUNCTION written_queued(q queued_runs) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object('id', q.run_id, 'kind', q.kind, 'fireAt', q.fire_at, 'dueAt', q.due_at,
    'fromAt', q.from_at, 'count', q.count, 'params', q.params, 'ignoreCondition', q.ignore_condition,
    'waitUntil', q.wait_until, 'by', q.requested_by))
$$;

-- A job's last backfill with the fire times that have not started; null if it had none.
CREATE FUNCTION written_backfill(of_job text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('backfillId', backfill_id, 'state', state, 'total', total, 'concurrency', concurrency,
    'order', CASE WHEN is_latest_first THEN 'latest' ELSE 'oldest' END, 'verdicts', counts, 'createdAt', created_at,
    'touchedAt', touched_at,
    'fireTimes', (SELECT COALESCE(jsonb_agg(fire_at ORDER BY fire_at), '[]') FROM backfill_times WHERE job_id = of_job))
  FROM backfills WHERE job_id = of_job
$$;

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
      (SELECT DISTINCT job_id FROM running_runs WHERE job_id > after_id ORDER BY job_id LIMIT max_jobs)) AS known
    ORDER BY id LIMIT max_jobs) AS page;
  RETURN jsonb_build_object(
    'sequence', (SELECT last_value FROM {{fleet_numbers}}),
    'cursor', CASE WHEN cardinality(ids) = max_jobs THEN ids[max_jobs] END,
    'jobs', COALESCE((SELECT jsonb_agg(jsonb_build_object('id', page.id,
      'job', CASE WHEN j.id IS NOT NULL THEN written_job(j) END,
      'beside', jsonb_build_object('finishedAt', j.finished_at, 'lastSuccessAt', j.last_success_at,
        'successStreak', j.success_streak, 'failuresInARow', j.failures_in_a_row, 'backfill', written_backfill(j.id)),
      'queued', (SELECT COALESCE(jsonb_agg(written_queued(q) ORDER BY fire_at, run_id), '[]')
        FROM queued_runs AS q WHERE job_id = j.id),
      'keepUntil', (SELECT expires_at FROM ledgers WHERE job_id = page.id),
      'cleanedTo', (SELECT cleaned_to FROM ledgers WHERE job_id = page.id),
      'running', (SELECT COALESCE(jsonb_agg(written_running(i) ORDER BY queue_job_id), '[]')
        FROM running_runs i WHERE job_id = page.id),
      'requests', (SELECT COALESCE(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('runId', run_id, 'fireAt', fire_at,
        'params', params, 'ignoreCondition', ignore_condition, 'by', requested_by)) ORDER BY fire_at, run_id), '[]') FROM run_requests WHERE job_id = j.id)) ORDER BY page.id)
      FROM unnest(ids) AS page(id) LEFT JOIN jobs j ON j.id = page.id), '[]'));
END
$$;
