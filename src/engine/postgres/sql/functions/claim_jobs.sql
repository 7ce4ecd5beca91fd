/*
claim_jobs: claims job ids for a queue, on the default queue, before the jobs are stored on theirs.

request      JSON: queue, jobIds
now_ms       not used
max_entries  not used
Returns a JSON array with one answer for each id, in order:
  {"o":"claimed","number":n}              replaces an earlier claim of the same queue
  {"o":"elsewhere","queue":q,"number":n}  another queue has claimed it
  {"o":"exists"}                          the default queue has a job of this id
*/
CREATE FUNCTION claim_jobs(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  wanted text;
  home homes;
  answers jsonb := '[]';
BEGIN
  PERFORM lock_claims(false);
  FOR wanted IN SELECT value FROM jsonb_array_elements_text(request -> 'jobIds') LOOP
    IF EXISTS (SELECT 1 FROM jobs WHERE id = wanted) THEN
      answers := answers || '{"o":"exists"}'::jsonb;
      CONTINUE;
    END IF;
    INSERT INTO homes AS h VALUES (wanted, request ->> 'queue', nextval('{{fleet_numbers}}'))
    ON CONFLICT (job_id) DO UPDATE SET claim = excluded.claim WHERE h.queue = excluded.queue
    RETURNING * INTO home;
    IF FOUND THEN
      answers := answers || jsonb_build_object('o', 'claimed', 'number', home.claim);
    ELSE
      SELECT * INTO home FROM homes WHERE job_id = wanted;
      answers := answers || jsonb_build_object('o', 'elsewhere', 'queue', home.queue, 'number', home.claim);
    END IF;
  END LOOP;
  RETURN answers;
END
$$;
