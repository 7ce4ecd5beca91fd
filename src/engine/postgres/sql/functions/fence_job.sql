/*
fence_job: makes sure, on the queue of a job, that none of this id is stored by a claim that was given up.

fence        JSON: jobId, number (of the claim; earlier ones are void with it)
now_ms       not used
max_entries  not used
Returns 0 = it is so, -1 = there is a job of this id.
*/
CREATE FUNCTION fence_job(fence jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  -- A request that stores a job is not under way for longer than that.
  keep_ms constant bigint := 3600000;
BEGIN
  PERFORM lock_claims(false);
  IF EXISTS (SELECT 1 FROM jobs WHERE id = fence ->> 'jobId') THEN RETURN '-1'; END IF;
  INSERT INTO fences AS f VALUES (fence ->> 'jobId', (fence ->> 'number')::bigint, server_now(NULL) + keep_ms)
  ON CONFLICT (job_id) DO UPDATE SET claim = GREATEST(f.claim, excluded.claim), ends_at = excluded.ends_at;
  RETURN '0';
END
$$;
