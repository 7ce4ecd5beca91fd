/*
release_claim: drops the claim of a job id, unless a later claim replaced it.

release      JSON: jobId, number (of the claim)
now_ms       not used
max_entries  not used
Returns 1 = dropped, 0 = replaced, or there was none.
*/
CREATE FUNCTION release_claim(release jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM lock_claims(false);
  DELETE FROM homes WHERE job_id = release ->> 'jobId' AND claim = (release ->> 'number')::bigint;
  RETURN CASE WHEN FOUND THEN '1' ELSE '0' END;
END
$$;
