-- What was changed, by whom: the fleet's lists, and one of each job.

-- What programs and cronduit itself do all day has a list of its own, so that it does not push out what people did.
CREATE FUNCTION list_of(actor jsonb, what text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN actor ->> 'kind' IN ('code', 'system') AND what IN ('added', 'removed', 'run', 'cancelled')
    THEN 'routine' ELSE 'main' END
$$;

CREATE FUNCTION names_of(change jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(change -> 'jobIds', CASE WHEN change ? 'jobId' THEN jsonb_build_array(change -> 'jobId') END, '[]')
$$;

-- What a change did to the jobs of each owner.
CREATE FUNCTION parts_of(change jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(change -> 'parts', jsonb_build_array(jsonb_build_object('count', COALESCE(change -> 'count', '1'),
    'jobIds', names_of(change)) || owner_field(change ->> 'owner')))
$$;

-- The first of two lists of names.
CREATE FUNCTION add_names(known jsonb, more jsonb, most integer) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT COALESCE(jsonb_agg(id ORDER BY place), '[]')
  FROM jsonb_array_elements(known || more) WITH ORDINALITY AS named(id, place) WHERE place <= most
$$;

CREATE FUNCTION add_part(parts jsonb, more jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  named_of_owner constant integer := 3;
  part jsonb;
  place bigint;
BEGIN
  FOR part, place IN SELECT value, ordinality - 1 FROM jsonb_array_elements(parts) WITH ORDINALITY LOOP
    IF part -> 'owner' IS NOT DISTINCT FROM more -> 'owner' THEN
      RETURN jsonb_set(parts, ARRAY[place::text], part || jsonb_build_object(
        'count', (part ->> 'count')::bigint + (more ->> 'count')::bigint,
        'jobIds', add_names(part -> 'jobIds', more -> 'jobIds', GREATEST(named_of_owner, jsonb_array_length(part -> 'jobIds')))));
    END IF;
  END LOOP;
  RETURN parts || (more || jsonb_build_object('jobIds', add_names('[]', more -> 'jobIds', named_of_owner)));
END
$$;

-- Adds changes of the same call to one, and names the first 20 jobs. Null: they are of too many owners.
CREATE FUNCTION add_to(known jsonb, more jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  max_named constant integer := 20;
  max_parts constant integer := 100;
  together jsonb := known - '{jobId,jobIds,runId,differences,formerOwner}'::text[] || jsonb_build_object(
    'count', COALESCE((known ->> 'count')::bigint, 1) + COALESCE((more ->> 'count')::bigint, 1));
  names jsonb := add_names(names_of(known), names_of(more), max_named);
  parts jsonb;
  part jsonb;
BEGIN
  IF names <> '[]' THEN together := together || jsonb_build_object('jobIds', names); END IF;
  IF NOT known ? 'parts' AND NOT more ? 'parts' AND known -> 'owner' IS NOT DISTINCT FROM more -> 'owner' THEN
    RETURN together;
  END IF;
  parts := parts_of(known);
  FOR part IN SELECT value FROM jsonb_array_elements(parts_of(more)) LOOP parts := add_part(parts, part); END LOOP;
  RETURN CASE WHEN jsonb_array_length(parts) <= max_parts THEN together - 'owner' || jsonb_build_object('parts', parts) END;
END
$$;

-- The row of a call that changes many jobs stays locked until commit, so this comes right before the event log.
CREATE FUNCTION add_to_fleet(change jsonb, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  year_ms constant bigint := 31536000000;
  of_list text := list_of(change -> 'by', change ->> 'what');
  -- With what it does and for whom: somebody may give one call's name to another.
  call_name text := CASE WHEN change ? 'bulk' THEN concat_ws(' ', change ->> 'what', change #>> '{by,kind}',
    change #>> '{by,id}', change ->> 'bulk') END;
  place bigint;
BEGIN
  INSERT INTO changes AS c (list, at, bulk, entry) VALUES (of_list, now_ms, call_name, change)
  ON CONFLICT (bulk) DO UPDATE SET entry = add_to(c.entry, excluded.entry) WHERE add_to(c.entry, excluded.entry) IS NOT NULL
  RETURNING id INTO place;
  IF NOT FOUND THEN
    -- The next of the call's entries.
    UPDATE changes SET bulk = NULL WHERE bulk = call_name;
    INSERT INTO changes (list, at, bulk, entry) VALUES (of_list, now_ms, call_name, change) RETURNING id INTO place;
  END IF;
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
-- change: by, what, jobId?, jobIds?, owner?, formerOwner?, runId?, reason?, differences?, bulk?, count?; before, if it superseded something:
-- revision, state, until, watermark, definition (JSON text)?
CREATE FUNCTION keep_change(change jsonb, before jsonb, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  noted jsonb := jsonb_strip_nulls(change || jsonb_build_object('at', now_ms));
BEGIN
  PERFORM add_to_fleet(noted, now_ms);
  -- The job itself, or its ledger, says the others already.
  IF noted ? 'jobId' AND (before IS NOT NULL OR noted ->> 'what' NOT IN ('added', 'run', 'cancelled')) THEN
    PERFORM add_revision(noted ->> 'jobId', noted - '{jobId,runId}'::text[]
      || jsonb_strip_nulls(jsonb_build_object('before', before)));
  END IF;
END
$$;
