-- Shared by the functions of this folder, which are installed behind it, each in a file of its own.
-- Helpers return the events that they cause; the caller appends all of a call at its end.
-- Helpers find their tables by the search_path of the function that called them.

-- Epoch ms of the server's clock, or the clock that a test injected.
CREATE FUNCTION server_now(injected bigint) RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT COALESCE(injected, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)
$$;

CREATE FUNCTION wake_up_id(job_id text, mark text, sequence_number bigint, fire_at bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT replace(replace(job_id, '%', '%25'), ':', '%3A') || ':' || mark || sequence_number || ':' || fire_at
$$;

/*
Appends the events of a call as one row: one append however many runs share the call.

A reader goes on from the last id that it saw, so no id may become visible after a higher one. A sequence can't promise
that: ids are drawn in one order and committed in another. So the id comes from a row that stays locked until commit.
That puts the commits of calls with events in a line, which NOTIFY does anyway (it takes a lock on the whole database
from before the commit until after it). Comparing with the oldest running transaction (pg_snapshot_xmin) would not put
them in a line, but any long transaction of the application beside us would hold back every event until its end.
The row is locked as the last act of a call, and nothing is waited for while it is held.
*/
CREATE FUNCTION append_entry(events jsonb[], max_entries bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(events) > 0 THEN PERFORM append_row(to_jsonb(events)::text, max_entries); END IF;
END
$$;

CREATE FUNCTION append_row(entry text, max_entries bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  entry_id bigint;
BEGIN
  UPDATE event_log SET last_id = last_id + 1 RETURNING last_id INTO entry_id;
  INSERT INTO events (id, entry) VALUES (entry_id, append_row.entry);
  -- In steps, so that not every append deletes.
  IF entry_id % GREATEST(1, max_entries / 100) = 0 AND entry_id > max_entries THEN
    DELETE FROM events WHERE id <= entry_id - max_entries;
    UPDATE event_log SET trimmed_to = GREATEST(trimmed_to, entry_id - max_entries);
  END IF;
  PERFORM pg_notify('cronduit_events', current_schema());
END
$$;

/*
Adds a queue job as BullMQ would, in the same step as the decision that asks for it, so that no crash can come between
the two. One that exists stays as it is. A test compares the row with BullMQ's own.

Idle workers wait for the earliest delayed queue job that they know of, and look again then: they are told of one that is
due before all others, or now, and not of each.
*/
CREATE FUNCTION add_queue_job(new_id text, pipeline text, due_at bigint, now_ms bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  delay bigint := GREATEST(0, due_at - now_ms);
BEGIN
  INSERT INTO {{queue}}.job (queue, id, seq, name, state, data, opts, delay_ms, max_attempts, added_at_ms, process_at_ms)
  VALUES ('{{runs}}', new_id, nextval('{{queue}}.job_seq'), pipeline,
    CASE WHEN delay > 0 THEN 'delayed' ELSE 'waiting' END::{{queue}}.job_state, '0',
    '{"attempts":0,"removeOnComplete":true,"removeOnFail":true}', delay, 0, due_at - delay,
    CASE WHEN delay > 0 THEN due_at END)
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN; END IF;
  IF delay = 0 OR NOT EXISTS (SELECT 1 FROM {{queue}}.job
    WHERE queue = '{{runs}}' AND state = 'delayed' AND process_at_ms <= due_at AND id <> new_id) THEN
    PERFORM pg_notify('bullmq_jobs', '{{runs}}');
  END IF;
END
$$;

-- Keeps the next occurrences of a schedule waiting in the queue. `upcoming`: JSON array of {fireAt, dueAt}.
CREATE FUNCTION add_occurrences(job_id text, pipeline text, generation bigint, upcoming jsonb, now_ms bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  o jsonb;
BEGIN
  FOR o IN SELECT value FROM jsonb_array_elements(upcoming) LOOP
    PERFORM add_queue_job(wake_up_id(job_id, '', generation, (o ->> 'fireAt')::bigint), pipeline,
      (o ->> 'dueAt')::bigint, now_ms);
  END LOOP;
END
$$;

-- Appends a ledger row and lets go of what exceeds the job's retention, a bounded number a call.
-- For their age go rows whose decision is older than that. The fire time is only where to look: what an outage left
-- undecided for longer is recorded all the same, and stays for its time.
CREATE FUNCTION record(entry ledger, keep_count bigint, keep_age_ms bigint, now_ms bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  -- More than come in, and still a bounded step.
  max_expired constant integer := 10;
  max_excess constant integer := 1000;
  kept bigint;
  gone bigint;
BEGIN
  INSERT INTO ledger (job_id, run_id, verdict, kind, fire_at, due_at, from_at, count, decided_at, started_at,
    finished_at, attempt, worker, reason, coalesced_into, result, error)
  VALUES (entry.job_id, entry.run_id, entry.verdict, entry.kind, entry.fire_at, entry.due_at, entry.from_at,
    entry.count, entry.decided_at, entry.started_at, entry.finished_at, entry.attempt, entry.worker, entry.reason,
    entry.coalesced_into, entry.result, entry.error);
  INSERT INTO ledgers AS l (job_id, row_count) VALUES (entry.job_id, 1)
  ON CONFLICT (job_id) DO UPDATE SET row_count = l.row_count + 1
  RETURNING row_count INTO kept;
  WITH excess AS (
    (SELECT id FROM ledger WHERE job_id = entry.job_id ORDER BY fire_at, ledger.id
      LIMIT LEAST(max_excess, GREATEST(0, kept - keep_count)))
    UNION
    SELECT id FROM (
      SELECT * FROM ledger WHERE job_id = entry.job_id AND fire_at < now_ms - keep_age_ms ORDER BY fire_at, id LIMIT max_expired
    ) AS old WHERE COALESCE(finished_at, decided_at, fire_at) < now_ms - keep_age_ms
  )
  DELETE FROM ledger USING excess WHERE ledger.id = excess.id;
  GET DIAGNOSTICS gone = ROW_COUNT;
  IF gone > 0 THEN
    UPDATE ledgers SET row_count = row_count - gone WHERE job_id = entry.job_id;
  END IF;
  IF entry.verdict IN ('missed', 'coalesced', 'skipped') THEN
    UPDATE jobs SET counts = add_count(counts, entry.verdict, COALESCE(entry.count, 1)) WHERE id = entry.job_id;
  END IF;
END
$$;

CREATE FUNCTION add_count(counts jsonb, verdict text, more bigint) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT counts || jsonb_build_object(verdict, COALESCE((counts ->> verdict)::bigint, 0) + more)
$$;

-- Several occurrences, or one, that share a decision. `fire_at` and `due_at` are those of the latest; `generation` is the
-- job's if it is null.
CREATE TYPE occurrences AS (from_at bigint, fire_at bigint, due_at bigint, count integer, generation bigint);

-- Records occurrences that will not run, as one row, and tells of them.
CREATE FUNCTION decide_against(
  job jobs, span occurrences, decided text, event_name text, now_ms bigint,
  why text DEFAULT NULL, into_run text DEFAULT NULL
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  entry ledger;
BEGIN
  entry.job_id := job.id;
  entry.run_id := wake_up_id(job.id, '', COALESCE(span.generation, job.generation), span.fire_at);
  entry.verdict := decided;
  entry.kind := 'scheduled';
  entry.fire_at := span.fire_at;
  entry.due_at := COALESCE(span.due_at, span.fire_at);
  entry.decided_at := now_ms;
  entry.reason := why;
  entry.coalesced_into := into_run;
  IF span.count > 1 THEN
    entry.from_at := span.from_at;
    entry.count := span.count;
  END IF;
  PERFORM record(entry, job.keep_count, job.keep_age_ms, now_ms);
  RETURN jsonb_strip_nulls(jsonb_build_object('name', event_name, 'at', now_ms, 'jobId', job.id,
    'runId', COALESCE(into_run, entry.run_id), 'fireAt', span.fire_at, 'count', span.count, 'reason', why));
END
$$;

-- Records neighbours that share a verdict: the latest 100 singly, what is older as one span.
CREATE FUNCTION decide_each(
  job jobs, list occurrences[], older occurrences, decided text, event_name text, now_ms bigint, why text DEFAULT NULL
) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  max_single constant integer := 100;
  told jsonb[] := '{}';
  first_single integer := GREATEST(1, cardinality(list) - max_single + 1);
  span occurrences := older;
BEGIN
  IF first_single > 1 THEN
    span := list[first_single - 1];
    span.from_at := COALESCE(older.from_at, list[1].fire_at);
    span.count := COALESCE(older.count, 0) + first_single - 1;
  END IF;
  IF span.fire_at IS NOT NULL THEN
    told := told || decide_against(job, span, decided, event_name, now_ms, why);
  END IF;
  FOR i IN first_single .. cardinality(list) LOOP
    told := told || decide_against(job, list[i], decided, event_name, now_ms, why);
  END LOOP;
  RETURN told;
END
$$;

-- Decides against the spans that a caller computed.
CREATE FUNCTION decide_against_spans(job jobs, spans jsonb, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  told jsonb[] := '{}';
  s jsonb;
BEGIN
  FOR s IN SELECT value FROM jsonb_array_elements(spans) LOOP
    told := told || decide_against(job,
      ROW((s ->> 'fromAt')::bigint, (s ->> 'toAt')::bigint, NULL, (s ->> 'count')::integer, NULL)::occurrences,
      s ->> 'verdict', CASE s ->> 'verdict' WHEN 'missed' THEN 'JOB_MISSED' ELSE 'JOB_SKIPPED' END, now_ms, s ->> 'reason');
  END LOOP;
  RETURN told;
END
$$;

-- Queued occurrences get a verdict without running.
CREATE FUNCTION drop_queued(job jobs, why text, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  queued occurrences[];
BEGIN
  SELECT array_agg(ROW(fire_at, fire_at, due_at, 1, generation)::occurrences ORDER BY fire_at, generation) INTO queued
  FROM pending WHERE job_id = job.id;
  DELETE FROM pending WHERE job_id = job.id;
  RETURN decide_each(job, COALESCE(queued, '{}'), NULL, 'skipped', 'JOB_SKIPPED', now_ms, why);
END
$$;

-- How a run ended; `result` and `error` are JSON text.
CREATE TYPE ending AS (verdict text, finished_at bigint, result text, error text, keep_count bigint, keep_age_ms bigint);

-- Ends a run: instance, ledger, counters. Returns its event.
CREATE FUNCTION finish_run(held instances, ended ending, now_ms bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  entry ledger;
BEGIN
  DELETE FROM instances WHERE job_id = held.job_id AND queue_job_id = held.queue_job_id;
  entry.job_id := held.job_id;
  entry.run_id := held.run_id;
  entry.verdict := ended.verdict;
  entry.kind := held.kind;
  entry.fire_at := held.fire_at;
  entry.due_at := held.due_at;
  entry.started_at := held.started_at;
  entry.finished_at := ended.finished_at;
  entry.attempt := held.attempt;
  entry.worker := held.worker;
  entry.result := ended.result;
  entry.error := ended.error;
  PERFORM record(entry, ended.keep_count, ended.keep_age_ms, now_ms);
  UPDATE jobs SET
    last_run = jsonb_strip_nulls(jsonb_build_object('id', held.run_id, 'verdict', ended.verdict, 'fireAt', held.fire_at,
      'startedAt', held.started_at, 'finishedAt', ended.finished_at, 'result', ended.result)),
    counts = add_count(counts, ended.verdict, 1),
    last_success_at = CASE ended.verdict WHEN 'succeeded' THEN ended.finished_at ELSE last_success_at END,
    failures_in_a_row = CASE ended.verdict WHEN 'succeeded' THEN 0 WHEN 'failed' THEN failures_in_a_row + 1
      ELSE failures_in_a_row END
  WHERE id = held.job_id;
  IF NOT FOUND THEN
    -- Of a removed job; the row that was just written may be the first of its ledger.
    UPDATE ledgers SET expires_at = server_now(NULL) + ended.keep_age_ms WHERE job_id = held.job_id;
  END IF;
  RETURN jsonb_strip_nulls(jsonb_build_object(
    'name', CASE ended.verdict WHEN 'succeeded' THEN 'JOB_EXECUTED' WHEN 'failed' THEN 'JOB_ERROR' ELSE 'JOB_CANCELLED' END,
    'at', now_ms, 'jobId', held.job_id, 'runId', held.run_id, 'fireAt', held.fire_at, 'attempt', held.attempt,
    'worker', held.worker, 'result', ended.result, 'error', ended.error));
END
$$;

CREATE FUNCTION is_full(job jobs) RETURNS boolean LANGUAGE sql AS $$
  SELECT (SELECT count(*) FROM instances WHERE job_id = job.id) >= job.max_instances
$$;

-- Sees to it that the oldest queued occurrence is taken, if there is one and an instance is free.
-- Each call for it has an id of its own: an earlier call that is just ending must not stand in its way.
CREATE FUNCTION call_for_queued(job jobs, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  head_fire_at bigint;
  call_id text;
BEGIN
  IF job.id IS NULL THEN RETURN; END IF;
  SELECT fire_at INTO head_fire_at FROM pending WHERE job_id = job.id ORDER BY fire_at, generation LIMIT 1;
  IF NOT FOUND OR is_full(job) THEN RETURN; END IF;
  call_id := wake_up_id(job.id, 'c', nextval('{{sequence}}'), head_fire_at);
  UPDATE jobs SET last_call = call_id WHERE id = job.id;
  PERFORM add_queue_job(call_id, job.pipeline, now_ms, now_ms);
END
$$;

-- Whether a job may be stored depends on claims and fences, and whether those may be made on the jobs that are there: both
-- are looked at under one lock of this queue. Any number may store jobs at once; they exclude who claims or fences.
CREATE FUNCTION lock_claims(is_shared boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF is_shared THEN
    PERFORM pg_advisory_xact_lock_shared(hashtext('cronduit claims'), hashtext(current_schema()));
  ELSE
    PERFORM pg_advisory_xact_lock(hashtext('cronduit claims'), hashtext(current_schema()));
  END IF;
END
$$;

-- Locks the jobs of a batch in the order of their ids, as every function does, so that no two wait for each other.
CREATE FUNCTION lock_jobs(ids text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM jobs WHERE id = ANY (ids) ORDER BY id FOR UPDATE;
END
$$;
