/*
change_backfill: pauses, resumes or cancels a job's backfill; runs that have started continue.

request      JSON: jobId, change ("pause", "resume" or "cancel"), by (who asks), scope? (owners whose jobs it may be)
now_ms       epoch ms; null = the server's clock
max_entries  not used
Returns JSON text "changed", or "missing" (there is none that is not over).
*/
CREATE FUNCTION change_backfill(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  of_job text := request ->> 'jobId';
  b backfills;
BEGIN
  PERFORM lock_jobs(ARRAY[of_job]);
  PERFORM 1 FROM jobs WHERE id = of_job AND is_in_scope(request -> 'scope', owner);
  IF NOT FOUND THEN RETURN '"missing"'; END IF;
  SELECT * INTO b FROM backfills WHERE job_id = of_job FOR UPDATE;
  IF NOT FOUND OR b.state IN ('finished', 'cancelled') THEN RETURN '"missing"'; END IF;
  IF request ->> 'change' <> 'cancel' AND b.state = 'adding' THEN RETURN '"missing"'; END IF;
  IF request ->> 'change' = 'cancel' THEN
    PERFORM close_backfill(of_job, 'cancelled');
  ELSIF request ->> 'change' = 'pause' THEN
    PERFORM recall_backfill(of_job);
    DELETE FROM group_line WHERE job_id = of_job AND is_backfill;
    UPDATE backfills SET state = 'paused' WHERE job_id = of_job;
  ELSE
    UPDATE backfills SET state = 'active' WHERE job_id = of_job;
    PERFORM feed_backfill(of_job, server_now(now_ms));
  END IF;
  PERFORM keep_change(jsonb_build_object('by', request -> 'by', 'what', CASE request ->> 'change'
      WHEN 'pause' THEN 'backfill-paused' WHEN 'resume' THEN 'backfill-resumed' ELSE 'backfill-cancelled' END, 'jobId', of_job,
    'owner', (SELECT owner FROM jobs WHERE id = of_job)), NULL, server_now(now_ms));
  RETURN '"changed"';
END
$$;
