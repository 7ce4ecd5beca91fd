/*
audit: looks for states that should be impossible, in a bounded number of jobs.

request      JSON: horizonMs, offset, limit, overdueMs, finishedRetentionMs (ms)
now_ms       epoch ms; null = the server's clock
max_entries  not used
Returns a JSON array of AuditFinding. Deletes finished queue jobs that are in the way of new ones and, some thousands of rows
per call, expired ledgers of removed jobs and documents; folds roll-ups.
*/

-- Whether BullMQ will hand this queue job to a worker, or already has.
CREATE FUNCTION is_queued(queue_job_id text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND id = queue_job_id AND state NOT IN ('completed', 'failed');
  IF FOUND THEN RETURN true; END IF;
  DELETE FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND id = queue_job_id AND state IN ('completed', 'failed');
  RETURN false;
END
$$;

CREATE FUNCTION audit_schedule(job jobs, r jsonb, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  found_here jsonb[] := '{}';
BEGIN
  IF job.state = 'finished' AND now_ms - COALESCE(job.finished_at, now_ms) > (r ->> 'finishedRetentionMs')::bigint
    AND NOT EXISTS (SELECT 1 FROM running_runs WHERE job_id = job.id)
    AND NOT EXISTS (SELECT 1 FROM queued_runs WHERE job_id = job.id) THEN
    found_here := ARRAY[jsonb_build_object('kind', 'expired', 'jobId', job.id)];
  END IF;
  IF job.state <> 'active' OR job.next_fire_at IS NULL THEN RETURN found_here; END IF;
  IF NOT is_queued(queue_job_id_of(job.id, '', job.generation, job.next_fire_at)) THEN
    RETURN found_here || jsonb_build_object('kind', 'unscheduled', 'jobId', job.id, 'watermark', job.watermark);
  END IF;
  IF now_ms - job.next_due_at > (r ->> 'overdueMs')::bigint AND job.overdue_fire_at IS DISTINCT FROM job.next_fire_at THEN
    RETURN found_here || jsonb_build_object('kind', 'overdue', 'jobId', job.id, 'fireAt', job.next_fire_at,
      'lateMs', now_ms - job.next_due_at);
  END IF;
  RETURN found_here;
END
$$;

-- Whether there is room in a job's group, counting the jobs that were woken before it.
CREATE FUNCTION is_its_turn(job jobs) RETURNS boolean LANGUAGE sql AS $$
  SELECT job.group_key IS NULL OR job.group_limit > (SELECT count(*) FROM running_runs WHERE group_key = job.group_key)
    + (SELECT count(*) FROM group_line AS l JOIN wakeups USING (job_id)
      JOIN {{bullmq_schema}}.job AS q ON q.queue = '{{bullmq_queue}}' AND q.id = queue_job_id AND q.state IN ('waiting', 'active')
      WHERE l.group_key = job.group_key)
$$;

-- Whether a queued run of the job would start, or be decided, if it were looked at now.
CREATE FUNCTION can_take(job jobs, now_ms bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM queued_runs WHERE job_id = job.id) OR is_full(job) THEN RETURN false; END IF;
  IF job.condition IS NOT NULL AND NOT EXISTS (SELECT 1 FROM queued_runs WHERE job_id = job.id
    AND (ignore_condition OR wait_until IS NULL OR wait_until <= now_ms)) AND NOT (judge(job, now_ms)).is_true THEN
    RETURN false;
  END IF;
  RETURN is_its_turn(job);
END
$$;

-- The missing wakeup for queued runs, or for a backfill in its group's line, if any. It has the id of the one that was lost, so
-- that two audits that find the same know that nothing happened in between.
CREATE FUNCTION audit_queued(job jobs, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  is_in_line boolean := EXISTS (SELECT 1 FROM group_line WHERE job_id = job.id AND is_backfill);
  lost_id text;
BEGIN
  IF NOT is_in_line AND NOT EXISTS (SELECT 1 FROM queued_runs WHERE job_id = job.id) THEN RETURN '{}'; END IF;
  FOR lost_id IN SELECT queue_job_id FROM wakeups WHERE job_id = job.id ORDER BY queue_job_id DESC LOOP
    IF is_queued(lost_id) THEN RETURN '{}'; END IF;
  END LOOP;
  IF job.wakeup_id IS NOT NULL AND NOT is_queued(job.wakeup_id) THEN
    lost_id := job.wakeup_id;
  ELSIF COALESCE(job.wakeup_at <= now_ms, false)
    OR NOT (can_take(job, now_ms) OR (is_in_line AND is_its_turn(job))) THEN
    RETURN '{}';
  END IF;
  RETURN ARRAY[jsonb_build_object('kind', 'stranded', 'jobId', job.id, 'queueJob', jsonb_build_object(
    'id', COALESCE(lost_id, queue_job_id_of(job.id, 'c', 0, COALESCE((SELECT min(fire_at) FROM queued_runs WHERE job_id = job.id), 0))),
    'pipeline', job.pipeline, 'dueAt', now_ms))];
END
$$;

CREATE FUNCTION audit_runs(live_id text, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  found_here jsonb[] := '{}';
  job jobs;
  held running_runs;
  request run_requests;
BEGIN
  SELECT * INTO job FROM jobs WHERE id = live_id;
  FOR held IN SELECT * FROM running_runs WHERE job_id = live_id LOOP
    IF NOT (COALESCE(job.state = 'paused', false) AND waits_for_resume(held)) AND NOT is_queued(held.queue_job_id) THEN
      found_here := found_here || jsonb_build_object('kind', 'orphan-run', 'jobId', live_id, 'runId', held.run_id,
        'queueJob', jsonb_build_object('id', held.queue_job_id, 'pipeline', held.pipeline, 'dueAt', now_ms));
    END IF;
  END LOOP;
  IF job.id IS NULL THEN
    DELETE FROM queued_runs WHERE job_id = live_id;
    DELETE FROM run_requests WHERE job_id = live_id;
    RETURN found_here;
  END IF;
  FOR request IN SELECT * FROM run_requests WHERE job_id = live_id LOOP
    IF NOT is_queued(request.run_id) THEN
      found_here := found_here || jsonb_build_object('kind', 'stranded', 'jobId', live_id,
        'queueJob', jsonb_build_object('id', request.run_id, 'pipeline', job.pipeline, 'dueAt', now_ms));
    END IF;
  END LOOP;
  RETURN found_here || audit_queued(job, now_ms);
END
$$;

-- Deletes what has expired, a few thousand rows per call.
CREATE FUNCTION sweep(real_now bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  WITH old AS (SELECT l.at, l.id FROM ledgers JOIN ledger AS l USING (job_id) WHERE expires_at <= real_now LIMIT 5000)
  DELETE FROM ledger USING old WHERE ledger.at = old.at AND ledger.id = old.id;
  DELETE FROM job_days WHERE day BETWEEN (SELECT min(day) FROM job_days) AND (SELECT max(day) FROM job_days)
    AND job_id IN (SELECT job_id FROM ledgers WHERE expires_at <= real_now);
  DELETE FROM revisions WHERE id IN (
    SELECT revisions.id FROM ledgers JOIN revisions USING (job_id) WHERE expires_at <= real_now LIMIT 5000);
  DELETE FROM ledgers l WHERE expires_at <= real_now AND NOT EXISTS (SELECT 1 FROM ledger WHERE job_id = l.job_id)
    AND NOT EXISTS (SELECT 1 FROM revisions WHERE job_id = l.job_id);
  DELETE FROM imports WHERE ends_at < real_now;
  DELETE FROM leases WHERE ends_at < real_now - 3600000;
END
$$;

CREATE FUNCTION audit(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  max_due constant integer := 1000;
  max_live constant integer := 5000;
  max_timed constant integer := 500;
  max_deltas constant bigint := 50000;
  findings jsonb[] := '{}';
  job jobs;
  live_id text;
BEGIN
  -- First, because it waits for locks; what follows does not.
  PERFORM feed_idle_backfills(server_now(now_ms));
  now_ms := server_now(now_ms);
  FOR job IN
    SELECT * FROM jobs WHERE id IN (
      (SELECT id FROM jobs WHERE next_due_at <= now_ms + (request ->> 'horizonMs')::bigint ORDER BY next_due_at LIMIT max_due)
      UNION
      (SELECT id FROM jobs ORDER BY next_due_at, id COLLATE "C" OFFSET (request ->> 'offset')::bigint LIMIT (request ->> 'limit')::bigint))
    ORDER BY id
  LOOP
    findings := findings || audit_schedule(job, request, now_ms);
  END LOOP;
  FOR live_id IN
    SELECT job_id FROM (
      SELECT job_id FROM running_runs UNION SELECT job_id FROM queued_runs UNION SELECT job_id FROM run_requests
      UNION SELECT job_id FROM group_line WHERE is_backfill) AS live
    ORDER BY random() LIMIT max_live
  LOOP
    findings := findings || audit_runs(live_id, now_ms);
  END LOOP;
  findings := findings || audit_backfills(now_ms) || ARRAY(
    SELECT jsonb_build_object('kind', 'timed', 'jobId', job_id, 'changesAt', changes_at) FROM timed_changes
    WHERE changes_at <= now_ms + (request ->> 'horizonMs')::bigint ORDER BY changes_at, job_id LIMIT max_timed);
  PERFORM fold_roll_ups(max_deltas);
  PERFORM drop_old_roll_ups(now_ms);
  PERFORM sweep(server_now(NULL));
  -- Numbers of requests that are no longer known.
  DELETE FROM asked_runs WHERE (job_id, number) IN (
    SELECT job_id, number FROM asked_runs WHERE fire_at <= now_ms - 86400000 LIMIT 5000 FOR UPDATE SKIP LOCKED);
  PERFORM drop_expired_documents(now_ms);
  RETURN to_jsonb(findings);
END
$$;
