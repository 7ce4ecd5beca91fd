-- What was changed, by whom: the fleet's lists, and one of each job.

-- What programs and cronduit itself do all day has a list of its own, so that it does not push out what people did.
CREATE FUNCTION list_of(actor jsonb, what text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN actor ->> 'kind' IN ('code', 'system') AND what IN ('added', 'removed', 'run', 'cancelled')
    THEN 'routine' ELSE 'main' END
$$;

-- Adds changes of the same call to one, and names the first 20 jobs.
CREATE FUNCTION add_to(known jsonb, more jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_strip_nulls((known - '{jobId,runId,differences,owner}'::text[]) || jsonb_build_object(
    'jobIds', (SELECT jsonb_agg(id ORDER BY place) FROM (
      SELECT id, place FROM jsonb_array_elements(COALESCE(known -> 'jobIds', jsonb_build_array(known -> 'jobId'))
        || COALESCE(more -> 'jobIds', jsonb_build_array(more -> 'jobId'))) WITH ORDINALITY AS named(id, place)
      WHERE jsonb_typeof(id) <> 'null' ORDER BY place LIMIT 20) AS first_ones),
    'owner', CASE WHEN known -> 'owner' = more -> 'owner' THEN known -> 'owner' END,
    'count', COALESCE((known ->> 'count')::bigint, 1) + COALESCE((more ->> 'count')::bigint, 1)))
$$;

-- The row of a call that changes many jobs stays locked until commit, so this comes right before the event log.
CREATE FUNCTION add_to_fleet(change jsonb, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  year_ms constant bigint := 31536000000;
  of_list text := list_of(change -> 'by', change ->> 'what');
  place bigint;
BEGIN
  -- With what it does and for whom: somebody may give one call's name to another.
  INSERT INTO changes AS c (list, at, bulk, entry)
  VALUES (of_list, now_ms, CASE WHEN change ? 'bulk' THEN concat_ws(' ', change ->> 'what', change #>> '{by,kind}',
    change #>> '{by,id}', change ->> 'bulk') END, change)
  ON CONFLICT (bulk) DO UPDATE SET entry = add_to(c.entry, excluded.entry)
  RETURNING id INTO place;
  -- In batches, so that not every change deletes.
  IF place % 100 = 0 THEN
    DELETE FROM changes WHERE list = of_list AND (at < now_ms - year_ms OR id <= (
      SELECT id FROM changes WHERE list = of_list ORDER BY id DESC
      OFFSET CASE of_list WHEN 'main' THEN 8000 ELSE 2000 END LIMIT 1));
  END IF;
END
$$;

CREATE FUNCTION add_revision(of_job text, revision jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  max_revisions constant integer := 1000;
BEGIN
  INSERT INTO revisions (job_id, entry) VALUES (of_job, revision);
  DELETE FROM revisions WHERE id IN (
    SELECT id FROM revisions WHERE job_id = of_job ORDER BY id DESC OFFSET max_revisions);
END
$$;

CREATE FUNCTION has_revision(of_job text, revision jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM revisions WHERE job_id = of_job AND entry -> 'at' = revision -> 'at'
    AND entry -> 'what' = revision -> 'what'
    AND entry #> '{before,revision}' IS NOT DISTINCT FROM revision #> '{before,revision}')
$$;

-- Notes a change in the fleet's list and, unless that says nothing new, in that of the job.
-- change: by, what, jobId?, jobIds?, owner?, runId?, reason?, differences?, bulk?, count?; before, if it superseded something:
-- revision, state, until, watermark, definition (JSON text)?
CREATE FUNCTION keep_change(change jsonb, before jsonb, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  noted jsonb := jsonb_strip_nulls(change || jsonb_build_object('at', now_ms));
BEGIN
  PERFORM add_to_fleet(noted, now_ms);
  -- The job itself, or its ledger, says the others already.
  IF noted ? 'jobId' AND (before IS NOT NULL OR noted ->> 'what' NOT IN ('added', 'run', 'cancelled')) THEN
    PERFORM add_revision(noted ->> 'jobId', noted - '{jobId,owner,runId}'::text[]
      || jsonb_strip_nulls(jsonb_build_object('before', before)));
  END IF;
END
$$;
