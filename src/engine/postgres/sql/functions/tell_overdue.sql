/*
tell_overdue: reports that no worker takes an occurrence, unless one has by now, or it was reported before.

overdue      JSON: jobId, fireAt (epoch ms), reason
now_ms       epoch ms; null = the server's clock
max_entries  entries that the event log keeps, about
Returns JSON text "told", "moved" (the job waits for another occurrence, or this one was reported before) or "missing".
*/
CREATE FUNCTION tell_overdue(overdue jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  job jobs;
BEGIN
  SELECT * INTO job FROM jobs WHERE id = overdue ->> 'jobId' FOR UPDATE;
  IF NOT FOUND THEN RETURN '"missing"'; END IF;
  IF job.state <> 'active' OR job.next_fire_at IS DISTINCT FROM (overdue ->> 'fireAt')::bigint
    OR job.overdue_fire_at IS NOT DISTINCT FROM job.next_fire_at THEN
    RETURN '"moved"';
  END IF;
  UPDATE jobs SET overdue_fire_at = next_fire_at WHERE id = job.id;
  PERFORM append_entry(ARRAY[overdue || jsonb_build_object('name', 'JOB_OVERDUE', 'at', server_now(now_ms))
    || owner_field(job.owner)], max_entries);
  RETURN '"told"';
END
$$;
