/*
fence_job: makes sure, on a job's queue, that no job of this id will be stored by a claim that is being given up. From here
on the queue refuses jobs with that claim or an earlier one; they must be claimed anew.

given_up     JSON: jobId, number (of the claim)
now_ms       not used
max_entries  not used
Returns 0 = done, -1 = there is a job of this id.
*/
CREATE FUNCTION fence_job(given_up jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM lock_claims(false);
  IF EXISTS (SELECT 1 FROM jobs WHERE id = given_up ->> 'jobId') THEN RETURN '-1'; END IF;
  UPDATE fence SET claim = GREATEST(claim, (given_up ->> 'number')::bigint);
  RETURN '0';
END
$$;
