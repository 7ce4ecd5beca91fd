/*
audit: looks for states that should be impossible, in a bounded number of jobs.

request      JSON: horizonMs, offset, limit, overdueMs, finishedRetentionMs (ms)
now_ms       epoch ms; null = the server's clock
max_entries  not used
Returns a JSON array of AuditFinding. Finished queue jobs in the way of one to be added are deleted; so are, some
thousands a call, ledgers of removed jobs whose time is over.
*/

-- Whether BullMQ will hand this queue job to a worker, or has done so.
CREATE FUNCTION is_queued(queue_job_id text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM {{queue}}.job WHERE queue = 'runs' AND id = queue_job_id AND state NOT IN ('completed', 'failed');
  IF FOUND THEN RETURN true; END IF;
  DELETE FROM {{queue}}.job WHERE queue = 'runs' AND id = queue_job_id AND state IN ('completed', 'failed');
  RETURN false;
END
$$;

CREATE FUNCTION audit_schedule(job jobs, r jsonb, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  found_here jsonb[] := '{}';
BEGIN
  IF job.state = 'finished' AND now_ms - COALESCE(job.finished_at, now_ms) > (r ->> 'finishedRetentionMs')::bigint
    AND NOT EXISTS (SELECT 1 FROM instances WHERE job_id = job.id) THEN
    found_here := ARRAY[jsonb_build_object('kind', 'expired', 'jobId', job.id)];
  END IF;
  IF job.state <> 'active' OR job.next_fire_at IS NULL THEN RETURN found_here; END IF;
  IF NOT is_queued(wake_up_id(job.id, '', job.generation, job.next_fire_at)) THEN
    RETURN found_here || jsonb_build_object('kind', 'unscheduled', 'jobId', job.id, 'watermark', job.watermark);
  END IF;
  IF now_ms - job.next_due_at > (r ->> 'overdueMs')::bigint AND job.overdue_fire_at IS DISTINCT FROM job.next_fire_at THEN
    UPDATE jobs SET overdue_fire_at = next_fire_at WHERE id = job.id AND next_fire_at = job.next_fire_at;
    RETURN found_here || jsonb_build_object('kind', 'overdue', 'jobId', job.id, 'fireAt', job.next_fire_at,
      'lateMs', now_ms - job.next_due_at);
  END IF;
  RETURN found_here;
END
$$;

CREATE FUNCTION audit_runs(live_id text, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  found_here jsonb[] := '{}';
  job jobs;
  held instances;
  request asked;
  head_fire_at bigint;
BEGIN
  FOR held IN SELECT * FROM instances WHERE job_id = live_id LOOP
    IF NOT is_queued(held.queue_job_id) THEN
      found_here := found_here || jsonb_build_object('kind', 'orphan-run', 'jobId', live_id, 'runId', held.run_id,
        'wakeUp', jsonb_build_object('id', held.queue_job_id, 'pipeline', held.pipeline, 'dueAt', now_ms));
    END IF;
  END LOOP;
  SELECT * INTO job FROM jobs WHERE id = live_id;
  IF NOT FOUND THEN
    DELETE FROM pending WHERE job_id = live_id;
    DELETE FROM asked WHERE job_id = live_id;
    RETURN found_here;
  END IF;
  FOR request IN SELECT * FROM asked WHERE job_id = live_id LOOP
    IF NOT is_queued(request.run_id) THEN
      found_here := found_here || jsonb_build_object('kind', 'stranded', 'jobId', live_id,
        'wakeUp', jsonb_build_object('id', request.run_id, 'pipeline', job.pipeline, 'dueAt', now_ms));
    END IF;
  END LOOP;
  -- The last call for the queued ones may wait for its turn; if it is gone it is made again under its id, so that two
  -- looks that find the same know that nothing happened between them.
  IF NOT EXISTS (SELECT 1 FROM instances WHERE job_id = live_id) AND (job.last_call IS NULL OR NOT is_queued(job.last_call)) THEN
    SELECT fire_at INTO head_fire_at FROM pending WHERE job_id = live_id ORDER BY fire_at, generation LIMIT 1;
    IF FOUND THEN
      found_here := found_here || jsonb_build_object('kind', 'stranded', 'jobId', live_id,
        'wakeUp', jsonb_build_object('id', COALESCE(job.last_call, wake_up_id(live_id, 'c', 0, head_fire_at)),
          'pipeline', job.pipeline, 'dueAt', now_ms));
    END IF;
  END IF;
  RETURN found_here;
END
$$;

-- Lets go of what is over, a few thousand rows a call.
CREATE FUNCTION sweep(real_now bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM ledger WHERE id IN (
    SELECT ledger.id FROM ledgers JOIN ledger USING (job_id) WHERE expires_at <= real_now LIMIT 5000);
  DELETE FROM ledgers l WHERE expires_at <= real_now AND NOT EXISTS (SELECT 1 FROM ledger WHERE job_id = l.job_id);
  DELETE FROM imports WHERE ends_at < real_now;
  DELETE FROM leases WHERE ends_at < real_now - 3600000;
END
$$;

CREATE FUNCTION audit(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  max_due constant integer := 1000;
  max_live constant integer := 5000;
  findings jsonb[] := '{}';
  job jobs;
  live_id text;
BEGIN
  now_ms := server_now(now_ms);
  FOR job IN
    SELECT * FROM jobs WHERE id IN (
      (SELECT id FROM jobs WHERE next_due_at <= now_ms + (request ->> 'horizonMs')::bigint ORDER BY next_due_at LIMIT max_due)
      UNION
      (SELECT id FROM jobs ORDER BY next_due_at, id OFFSET (request ->> 'offset')::bigint LIMIT (request ->> 'limit')::bigint))
    ORDER BY id
  LOOP
    findings := findings || audit_schedule(job, request, now_ms);
  END LOOP;
  FOR live_id IN
    SELECT job_id FROM (
      SELECT job_id FROM instances UNION SELECT job_id FROM pending UNION SELECT job_id FROM asked) AS live
    ORDER BY random() LIMIT max_live
  LOOP
    findings := findings || audit_runs(live_id, now_ms);
  END LOOP;
  PERFORM sweep(server_now(NULL));
  RETURN to_jsonb(findings);
END
$$;
