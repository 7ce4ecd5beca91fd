/*
list_runs: decided runs of all jobs, the latest decision first.

query        JSON: limit, fromAt, toAt (epoch ms, of the decision), before ("at:id", what comes behind that; without an id, what was before)?, verdicts?,
             reason?, owner?, owners?, jobId?, kind?, worker?, text? (of the error), pipeline?, tag?
Returns JSON: {"rows":[{"jobId","place","row"}],"next"}: `next` is up to where it has looked, null at the end.
*/

-- What a search in an error looks at. NUL and lone surrogates, which text can't hold, become U+FFFD.
CREATE FUNCTION error_text(error text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT concat_ws(E'\n', content ->> 'name', content ->> 'code', content ->> 'message', content ->> 'reason')
  FROM (SELECT regexp_replace(error, '(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})', '\1\\ufffd', 'g')::json AS content) AS clean
$$;

-- Conditions that an index finds rows by, each in the order of decisions; a row fulfils one of them at most.
CREATE FUNCTION indexes_of(q jsonb) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
DECLARE
  max_gathered constant bigint := 20000;
BEGIN
  IF q ? 'reason' THEN RETURN ARRAY[format('reason = %L AND reason IS NOT NULL', q ->> 'reason')]; END IF;
  IF q ? 'verdicts' AND NOT q -> 'verdicts' ? 'succeeded' THEN
    RETURN ARRAY(SELECT format('verdict = %L AND verdict <> ''succeeded''', v)
      FROM jsonb_array_elements_text(q -> 'verdicts') AS v);
  END IF;
  IF q ? 'kind' AND q ->> 'kind' <> 'scheduled' THEN
    RETURN ARRAY[format('kind = %L AND kind <> ''scheduled''', q ->> 'kind')];
  END IF;
  IF q ? 'owner' THEN RETURN ARRAY[format('owner = %L', q ->> 'owner')]; END IF;
  IF q ? 'owners' AND jsonb_array_length(q -> 'owners') > 0 THEN
    RETURN ARRAY(SELECT format('owner = %L', o) FROM jsonb_array_elements_text(q -> 'owners') AS o);
  END IF;
  -- A job with few rows is read as a whole: there may be a million of others between two of them.
  IF (SELECT row_count <= max_gathered FROM ledgers WHERE job_id = q ->> 'jobId') THEN RETURN NULL; END IF;
  RETURN ARRAY['true'];
END
$$;

CREATE FUNCTION list_runs(query jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
  -- Rows that one call looks at for each of `indexes_of`.
  max_scanned constant integer := 5000;
  place constant text[] := string_to_array(query ->> 'before', ':');
  max_rows constant integer := (query ->> 'limit')::integer;
  found_by constant text[] := indexes_of(query);
  bounds text := format('at >= %s AND at <= %s', query ->> 'fromAt',
    LEAST((query ->> 'toAt')::bigint, place[1]::bigint));
  filters text := format('NOT EXISTS (SELECT 1 FROM ledgers AS g WHERE g.job_id = l.job_id AND g.expires_at <= %s)', server_now(NULL));
  scan text;
  rows jsonb;
  next jsonb;
BEGIN
  IF place IS NOT NULL THEN bounds := bounds || format(' AND (at, id) < (%s, %s)', place[1]::bigint, COALESCE(NULLIF(place[2], '')::bigint, -1)); END IF;
  IF query ? 'verdicts' THEN
    filters := filters || format(' AND verdict = ANY (%L)', ARRAY(SELECT jsonb_array_elements_text(query -> 'verdicts')));
  END IF;
  IF query ? 'reason' THEN filters := filters || format(' AND reason = %L', query ->> 'reason'); END IF;
  IF query ? 'owner' THEN filters := filters || format(' AND owner = %L', query ->> 'owner'); END IF;
  IF query ? 'owners' THEN
    filters := filters || format(' AND owner = ANY (%L)', ARRAY(SELECT jsonb_array_elements_text(query -> 'owners')));
  END IF;
  IF query ? 'jobId' THEN filters := filters || format(' AND job_id = %L', query ->> 'jobId'); END IF;
  IF query ? 'kind' THEN filters := filters || format(' AND kind = %L', query ->> 'kind'); END IF;
  IF query ? 'worker' THEN filters := filters || format(' AND worker = %L', query ->> 'worker'); END IF;
  IF query ? 'pipeline' THEN
    filters := filters || format(' AND EXISTS (SELECT 1 FROM jobs WHERE id = l.job_id AND pipeline = %L)', query ->> 'pipeline');
  END IF;
  IF query ? 'tag' THEN
    filters := filters || format(' AND EXISTS (SELECT 1 FROM listed_jobs WHERE id = l.job_id AND tags @> ARRAY[%L])', query ->> 'tag');
  END IF;
  IF query ? 'text' THEN
    filters := filters || format(' AND CASE WHEN error IS NULL THEN false ELSE position(lower(%L) IN lower(error_text(error::text))) > 0 END',
      query ->> 'text');
  END IF;
  IF found_by IS NULL THEN
    scan := format('SELECT * FROM (SELECT * FROM ledger WHERE job_id = %L OFFSET 0) AS own WHERE %s', query ->> 'jobId', bounds);
  ELSE
    SELECT string_agg(format('(SELECT * FROM ledger WHERE %s AND %s ORDER BY at DESC, id DESC LIMIT %s)', by, bounds, max_scanned), ' UNION ALL ')
    INTO scan FROM unnest(found_by) AS by;
    -- Up to where all of them have looked, if one has more rows than it may look at.
    SELECT string_agg(format('(SELECT at, id FROM ledger WHERE %s AND %s ORDER BY at DESC, id DESC OFFSET %s LIMIT 1)', by, bounds, max_scanned - 1), ' UNION ALL ')
    INTO bounds FROM unnest(found_by) AS by;
  END IF;
  EXECUTE format('SELECT COALESCE(jsonb_agg(jsonb_build_object(''jobId'', job_id, ''place'', at || '':'' || id, ''row'', entry)
      ORDER BY at DESC, id DESC), ''[]''), CASE WHEN count(*) = %s THEN to_jsonb((array_agg(at || '':'' || id ORDER BY at, id))[1]) END
    FROM (SELECT at, id, job_id, row_of_ledger(l.*) AS entry FROM (%s) AS l WHERE %s ORDER BY at DESC, id DESC LIMIT %s) AS page',
    max_rows, scan, filters, max_rows) INTO rows, next;
  IF next IS NULL AND found_by IS NOT NULL THEN
    EXECUTE format('SELECT to_jsonb(at || '':'' || id) FROM (%s) AS stops ORDER BY at DESC, id DESC LIMIT 1', bounds) INTO next;
    IF cardinality(found_by) > 1 AND next IS NOT NULL THEN
      -- What the others found behind that place comes with the next page.
      SELECT COALESCE(jsonb_agg(value ORDER BY n), '[]') INTO rows FROM jsonb_array_elements(rows) WITH ORDINALITY AS r(value, n)
      WHERE string_to_array(value ->> 'place', ':')::bigint[] >= string_to_array(next #>> '{}', ':')::bigint[];
    END IF;
  END IF;
  RETURN jsonb_build_object('rows', rows, 'next', next);
END
$$;

-- Runs without a verdict of the jobs after one, in the order of ids: {"rows":[{"jobId","rows"}],"next"}. `next` is the last job,
-- null at the end. Whole jobs, until there are as many as wanted.
CREATE FUNCTION list_open_runs(after_job text, max_jobs integer) RETURNS jsonb LANGUAGE sql STABLE
SET search_path FROM CURRENT AS $$
  SELECT jsonb_build_object(
    'rows', COALESCE(jsonb_agg(jsonb_build_object('jobId', id, 'rows', read_open_runs(id)) ORDER BY id COLLATE "C"), '[]'),
    'next', CASE WHEN count(*) = max_jobs THEN to_jsonb(max(id COLLATE "C")) END)
  FROM (SELECT job_id AS id FROM (
    SELECT job_id FROM running_runs UNION SELECT job_id FROM queued_runs UNION SELECT job_id FROM run_requests) AS live
    WHERE job_id COLLATE "C" > after_job ORDER BY job_id COLLATE "C" LIMIT max_jobs) AS page
$$;
