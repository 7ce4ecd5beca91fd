-- Decisions: rows of the ledger, and the events that report them.

-- Appends a row and drops what exceeds the job's retention, a bounded number per call: among them rows whose decision is older
-- than the job's retention. Fire times only narrow the search; a late decision is still kept for its full age.
CREATE FUNCTION record(entry ledger, keep_count bigint, keep_age_ms bigint, now_ms bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  -- Rows that one new row may push out: more than arrive, so that it catches up, but bounded.
  max_expired constant integer := 10;
  max_excess constant integer := 1000;
  -- Up to how many rows a ledger is small, and how many decisions share a look in a large one.
  max_small constant integer := 100;
  at_once constant integer := 8;
  expired_before constant bigint := now_ms - keep_age_ms;
  kept bigint;
  gone bigint := 0;
  expired bigint := 0;
BEGIN
  entry.at := COALESCE(entry.finished_at, entry.decided_at, entry.fire_at);
  INSERT INTO ledger (job_id, run_id, verdict, kind, fire_at, due_at, from_at, count, decided_at, started_at,
    finished_at, attempt, worker, reason, coalesced_into, facts, result, error, owner, requested_by, cancelled_by, note, at)
  VALUES (entry.job_id, entry.run_id, entry.verdict, entry.kind, entry.fire_at, entry.due_at, entry.from_at,
    entry.count, entry.decided_at, entry.started_at, entry.finished_at, entry.attempt, entry.worker, entry.reason,
    entry.coalesced_into, entry.facts, entry.result, entry.error, entry.owner, entry.requested_by, entry.cancelled_by,
    entry.note, entry.at);
  PERFORM count_row(entry);
  INSERT INTO ledgers AS l (job_id, row_count) VALUES (entry.job_id, 1)
  ON CONFLICT (job_id) DO UPDATE SET row_count = l.row_count + 1
  RETURNING row_count INTO kept;
  -- Most decisions look for nothing to delete: a statement on a table in partitions costs as much as all else here. Of a large
  -- ledger several rows go at once, in the decisions of some milliseconds.
  IF kept > keep_count + keep_count / 100 THEN
    WITH excess AS (
      SELECT l.at, l.id FROM ledger AS l WHERE job_id = entry.job_id ORDER BY fire_at, l.id
      LIMIT LEAST(max_excess, kept - keep_count))
    DELETE FROM ledger USING excess WHERE ledger.at = excess.at AND ledger.id = excess.id;
    GET DIAGNOSTICS gone = ROW_COUNT;
  END IF;
  IF kept <= max_small OR now_ms % at_once = 0 THEN
    WITH old AS (
      SELECT l.at, l.id FROM ledger AS l WHERE job_id = entry.job_id AND l.at < expired_before AND fire_at < expired_before
      ORDER BY fire_at, l.id LIMIT max_expired)
    DELETE FROM ledger USING old WHERE ledger.at < expired_before AND ledger.at = old.at AND ledger.id = old.id;
    GET DIAGNOSTICS expired = ROW_COUNT;
  END IF;
  IF gone + expired > 0 THEN
    UPDATE ledgers SET row_count = row_count - gone - expired WHERE job_id = entry.job_id;
  END IF;
END
$$;

CREATE FUNCTION add_count(counts jsonb, verdict text, more bigint) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT counts || jsonb_build_object(verdict, COALESCE((counts ->> verdict)::bigint, 0) + more)
$$;

-- One occurrence, or several that share a decision; `fire_at` and `due_at` are those of the latest. Without `run_id` they belong
-- to the job's present generation; without `kind` they are scheduled.
CREATE TYPE occurrences AS (from_at bigint, fire_at bigint, due_at bigint, count integer, run_id text, kind text);

-- Records occurrences that will not run, as one row and one event. `failure`: JSON text. `asked_by`: who asked for a manual run,
-- or for the skip; `canceller`: who cancelled it; `remark`: what whoever asked for a skip wrote.
CREATE FUNCTION decide_against(
  job jobs, span occurrences, decided text, event_name text, now_ms bigint,
  why text DEFAULT NULL, into_run text DEFAULT NULL, condition_facts jsonb DEFAULT NULL, failure text DEFAULT NULL,
  asked_by jsonb DEFAULT NULL, canceller jsonb DEFAULT NULL, remark text DEFAULT NULL
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  entry ledger;
BEGIN
  entry.job_id := job.id;
  entry.run_id := COALESCE(span.run_id, queue_job_id_of(job.id, '', job.generation, span.fire_at));
  entry.verdict := decided;
  entry.kind := COALESCE(span.kind, 'scheduled');
  entry.fire_at := span.fire_at;
  entry.due_at := COALESCE(span.due_at, span.fire_at);
  entry.decided_at := now_ms;
  entry.reason := why;
  entry.coalesced_into := into_run;
  entry.facts := condition_facts;
  entry.error := failure;
  entry.owner := job.owner;
  entry.requested_by := asked_by;
  entry.cancelled_by := canceller;
  entry.note := remark;
  IF span.count > 1 THEN
    entry.from_at := span.from_at;
    entry.count := span.count;
  END IF;
  PERFORM record(entry, job.keep_count, job.keep_age_ms, now_ms);
  UPDATE jobs SET counts = add_count(counts, decided, span.count) WHERE id = job.id;
  RETURN jsonb_strip_nulls(jsonb_build_object('name', event_name, 'at', now_ms, 'jobId', job.id,
    'runId', COALESCE(into_run, entry.run_id), 'fireAt', span.fire_at, 'count', span.count, 'reason', why,
    'error', failure, 'owner', job.owner, 'by', CASE why WHEN 'requested' THEN asked_by ELSE canceller END, 'note', remark));
END
$$;

-- Records neighbours that share a verdict: the latest 100 singly, older ones as one span.
CREATE FUNCTION decide_each(
  job jobs, list occurrences[], older occurrences, decided text, event_name text, now_ms bigint,
  why text DEFAULT NULL, condition_facts jsonb DEFAULT NULL
) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  max_single constant integer := 100;
  events jsonb[] := '{}';
  first_single integer := GREATEST(1, cardinality(list) - max_single + 1);
  span occurrences := older;
BEGIN
  IF first_single > 1 THEN
    span := list[first_single - 1];
    span.kind := NULL;
    span.from_at := COALESCE(older.from_at, list[1].fire_at);
    span.count := COALESCE(older.count, 0) + first_single - 1;
  END IF;
  IF span.fire_at IS NOT NULL THEN
    events := events || decide_against(job, span, decided, event_name, now_ms, why, NULL, condition_facts);
  END IF;
  FOR i IN first_single .. cardinality(list) LOOP
    events := events || decide_against(job, list[i], decided, event_name, now_ms, why, NULL, condition_facts);
  END LOOP;
  RETURN events;
END
$$;

-- Records what a change of the job decides: spans {fromAt, toAt, count, dueAt?, verdict, reason?}.
CREATE FUNCTION decide_spans(job jobs, spans jsonb, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  events jsonb[] := '{}';
  s jsonb;
BEGIN
  FOR s IN SELECT value FROM jsonb_array_elements(spans) LOOP
    events := events || decide_against(job,
      ROW((s ->> 'fromAt')::bigint, (s ->> 'toAt')::bigint, (s ->> 'dueAt')::bigint, (s ->> 'count')::integer,
        NULL, NULL)::occurrences,
      s ->> 'verdict', CASE s ->> 'verdict' WHEN 'missed' THEN 'JOB_MISSED' ELSE 'JOB_SKIPPED' END, now_ms, s ->> 'reason');
  END LOOP;
  RETURN events;
END
$$;

CREATE FUNCTION cancel_error(why text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('name', 'CronduitError', 'code', 'RUN_CANCELLED', 'message', why)::text
$$;

-- Records a run that was cancelled before it started.
CREATE FUNCTION record_cancelled(
  job jobs, span occurrences, why text, canceller jsonb, now_ms bigint, asked_by jsonb DEFAULT NULL
) RETURNS jsonb LANGUAGE sql AS $$
  SELECT decide_against(job, span, 'cancelled', 'JOB_CANCELLED', now_ms, failure => cancel_error(why), asked_by => asked_by,
    canceller => canceller)
$$;
