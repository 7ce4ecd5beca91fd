/*
remove_job: removes a job; running runs go on and settle. The ledger stays for as long as its rows would have.

removal      JSON: jobId, expectedWatermark (epoch ms)?, expectedRevision?,
             skipped [{fromAt,toAt,count,verdict,reason?}], event
now_ms       epoch ms; null = the server's clock
max_entries  entries that the event log keeps, about
Returns JSON text "removed", "missing", or "undecided" (the watermark or the revision is another by now: compute
`skipped` again).
*/
CREATE FUNCTION remove_job(removal jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  job jobs;
  request asked;
  entry ledger;
  told jsonb[];
BEGIN
  SELECT * INTO job FROM jobs WHERE id = removal ->> 'jobId' FOR UPDATE;
  IF NOT FOUND THEN RETURN '"missing"'; END IF;
  IF (removal ->> 'expectedWatermark')::bigint <> job.watermark
    OR (removal ->> 'expectedRevision')::bigint <> job.revision THEN
    RETURN '"undecided"';
  END IF;
  now_ms := server_now(now_ms);
  told := decide_against_spans(job, removal -> 'skipped', now_ms) || drop_queued(job, 'removed', now_ms);
  FOR request IN DELETE FROM asked WHERE job_id = job.id RETURNING * LOOP
    entry.job_id := job.id;
    entry.run_id := request.run_id;
    entry.verdict := 'skipped';
    entry.kind := 'manual';
    entry.fire_at := request.fire_at;
    entry.due_at := request.fire_at;
    entry.decided_at := now_ms;
    entry.reason := 'removed';
    PERFORM record(entry, job.keep_count, job.keep_age_ms, now_ms);
    told := told || jsonb_build_object('name', 'JOB_SKIPPED', 'at', now_ms, 'jobId', job.id, 'runId', request.run_id,
      'fireAt', request.fire_at, 'count', 1, 'reason', 'removed');
  END LOOP;
  DELETE FROM jobs WHERE id = job.id;
  UPDATE ledgers SET expires_at = server_now(NULL) + job.keep_age_ms WHERE job_id = job.id;
  told := told || ((removal -> 'event') || jsonb_build_object('at', now_ms));
  PERFORM append_entry(told, max_entries);
  RETURN '"removed"';
END
$$;
