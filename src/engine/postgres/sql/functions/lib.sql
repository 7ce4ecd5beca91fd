/*
Shared by the functions of this folder, which are installed behind it: first the libraries (functions.ts names them),
then each function in a file of its own. Helpers return the events that they cause; the caller appends all of a call at
its end. Helpers find their tables by the search_path of the function that called them.

Locks, always in this order, so that no two calls wait for each other:
1. `lock_catalog`: calls that add jobs, or conditions that wait. Steps that meet a job which is not there try for it, and
   are repeated if they can't have it.
2. The rows of the jobs that the call is about, in the order of their ids (`lock_jobs`); then of those that were removed,
   whose runs may go on, advisory locks in the order of their numbers. So the events of a job are told in the order of their times.
3. The rows of `deps` that name one of these jobs on either side, in their order. A job that waits for its condition reads
   facts of other jobs, whose rows it must not lock. Yet between its look at them and its commit none of them may
   change and find nobody waiting. Each pair of jobs has a row of `deps`, and the steps of both lock it: whoever comes
   second sees what the first has done. So either the condition sees the change, or the change sees who waits, and
   calls it. New rows are written while the jobs that they name are locked, and `lock_catalog` stands in for the row of
   one that is not there yet.
4. The groups of these jobs and of their runs, as advisory locks in the order of their numbers: members and the line of
   a group change and are counted under its lock alone.
5. Rows of these jobs: instances, queued runs, ledger. Of other jobs a step only adds rows that nobody else adds: calls.
6. The event log, at the end.
*/

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
  INSERT INTO {{bullmq_schema}}.job (queue, id, seq, name, state, data, opts, delay_ms, max_attempts, added_at_ms, process_at_ms)
  VALUES ('{{bullmq_queue}}', new_id, nextval('{{bullmq_schema}}.job_seq'), pipeline,
    CASE WHEN delay > 0 THEN 'delayed' ELSE 'waiting' END::{{bullmq_schema}}.job_state, '0',
    '{"attempts":0,"removeOnComplete":true,"removeOnFail":true}', delay, 0, due_at - delay,
    CASE WHEN delay > 0 THEN due_at END)
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN; END IF;
  IF delay = 0 OR NOT EXISTS (SELECT 1 FROM {{bullmq_schema}}.job
    WHERE queue = '{{bullmq_queue}}' AND state = 'delayed' AND process_at_ms <= due_at AND id <> new_id) THEN
    PERFORM pg_notify('bullmq_jobs', '{{bullmq_queue}}');
  END IF;
END
$$;

-- Takes back queue jobs that no worker has. One that is being handed out at this moment stays, and finds nothing to do.
CREATE FUNCTION drop_queue_jobs(old_ids text[]) RETURNS void LANGUAGE sql AS $$
  DELETE FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND id IN (SELECT id FROM {{bullmq_schema}}.job
    WHERE queue = '{{bullmq_queue}}' AND id = ANY (old_ids) AND state IN ('delayed', 'waiting') FOR UPDATE SKIP LOCKED)
$$;

CREATE FUNCTION drop_queue_job(old_id text) RETURNS void LANGUAGE sql AS $$
  SELECT drop_queue_jobs(ARRAY[old_id])
$$;

-- Takes back what waits of a schedule. What holds a run stays.
CREATE FUNCTION drop_next(job jobs) RETURNS void LANGUAGE sql AS $$
  SELECT drop_queue_job(id) FROM wake_up_id(job.id, '', job.generation, job.next_fire_at) AS id
  WHERE NOT EXISTS (SELECT 1 FROM instances WHERE job_id = job.id AND queue_job_id = id)
$$;

-- The worker of a start lost its lock, and lives: that was no crash. Told late, the next start has counted it as one.
CREATE FUNCTION tell_alive(hold jsonb) RETURNS void LANGUAGE sql AS $$
  UPDATE instances SET is_alive = is_alive OR start = (hold ->> 'start')::integer,
    crashes = crashes - CASE WHEN crashed ? (hold ->> 'start') THEN 1 ELSE 0 END, crashed = crashed - (hold ->> 'start')
  WHERE job_id = hold ->> 'jobId' AND queue_job_id = hold ->> 'queueJobId' AND run_id = hold ->> 'runId'
$$;

-- Whether a run goes on only when its job does: the retry of a scheduled run, if its job is paused.
CREATE FUNCTION waits_for_resume(held instances) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT held.suspended IS NOT DISTINCT FROM 'retry' AND held.kind = 'scheduled'
$$;

-- The job is paused from here on.
CREATE FUNCTION hold_retries(of_job text) RETURNS void LANGUAGE sql AS $$
  SELECT drop_queue_jobs(ARRAY(SELECT queue_job_id FROM instances AS i WHERE job_id = of_job AND waits_for_resume(i)))
$$;

-- The job goes on. Each gets a queue job of another id: the one that it had may be in the hands of a worker that is about
-- to end it.
CREATE FUNCTION release_retries(of_job text, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  held instances;
  new_id text;
BEGIN
  PERFORM hold_retries(of_job);
  FOR held IN SELECT * FROM instances AS i WHERE job_id = of_job AND waits_for_resume(i) ORDER BY queue_job_id LOOP
    new_id := wake_up_id(of_job, 'c', nextval('{{fleet_numbers}}'), held.fire_at);
    UPDATE instances SET queue_job_id = new_id WHERE job_id = of_job AND queue_job_id = held.queue_job_id;
    PERFORM add_queue_job(new_id, held.pipeline, GREATEST(now_ms, held.until_at), now_ms);
  END LOOP;
END
$$;

/*
Ends queue jobs, each if it is still locked with its token, and returns those that ended. One that somebody touches at this
moment stays: a worker that renews many locks at once takes their rows in another order, and would wait for us as we for it.
*/
CREATE FUNCTION end_queue_jobs(ids text[], tokens text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  ended text[];
BEGIN
  ended := ARRAY(SELECT id FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND id = ANY (ids) AND state = 'active'
    AND lock_token = tokens[array_position(ids, id)] FOR UPDATE SKIP LOCKED);
  DELETE FROM {{bullmq_schema}}.job WHERE queue = '{{bullmq_queue}}' AND id = ANY (ended);
  RETURN ended;
END
$$;

-- A job whose schedule is over has finished with the last of its runs, those that wait and those that a person asked for
-- included. A backfill goes on beside that. Notes those of these jobs that have, at the end of the step in which something
-- of them ended, and returns the events.
CREATE FUNCTION tell_finished(ids text[], now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  told jsonb[];
BEGIN
  IF cardinality(ids) = 0 THEN RETURN '{}'; END IF;
  WITH finished AS (
    UPDATE jobs SET finished_at = now_ms WHERE id = ANY (ids) AND state = 'finished' AND finished_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM instances WHERE job_id = jobs.id AND kind <> 'backfill')
      AND NOT EXISTS (SELECT 1 FROM pending WHERE job_id = jobs.id)
      AND NOT EXISTS (SELECT 1 FROM asked WHERE job_id = jobs.id)
    RETURNING id
  )
  SELECT array_agg(jsonb_build_object('name', 'JOB_FINISHED', 'at', now_ms, 'jobId', id) ORDER BY id) INTO told
  FROM finished;
  RETURN COALESCE(told, '{}');
END
$$;

-- Keeps the next occurrence of a schedule waiting in the queue. `upcoming`: JSON array of {fireAt, dueAt}.
CREATE FUNCTION add_next(job_id text, pipeline text, generation bigint, upcoming jsonb, now_ms bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF upcoming <> '[]' THEN
    PERFORM add_queue_job(wake_up_id(job_id, '', generation, (upcoming #>> '{0,fireAt}')::bigint), pipeline,
      (upcoming #>> '{0,dueAt}')::bigint, now_ms);
  END IF;
END
$$;

-- The lock of calls that add jobs, or conditions that wait.
CREATE FUNCTION lock_catalog() RETURNS void LANGUAGE sql AS $$
  SELECT pg_advisory_xact_lock(hashtext('cronduit catalog'), hashtext(current_schema()))
$$;

-- Sees to it that no job is added up to the end of the transaction, unless one of these has been since they were locked.
CREATE FUNCTION keep_missing(ids text[], locked text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT pg_try_advisory_xact_lock_shared(hashtext('cronduit catalog'), hashtext(current_schema()))
    OR EXISTS (SELECT 1 FROM jobs WHERE id = ANY (ids) AND id <> ALL (COALESCE(locked, '{}'))) THEN
    RAISE serialization_failure USING MESSAGE = 'a job was added meanwhile';
  END IF;
END
$$;

-- Advisory locks of one kind, in the order of their numbers.
CREATE FUNCTION lock_all(kind text, names text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  number integer;
BEGIN
  FOR number IN SELECT DISTINCT hashtext(name) AS n FROM unnest(names) AS name ORDER BY n LOOP
    PERFORM pg_advisory_xact_lock(hashtext(kind || ' ' || current_schema()), number);
  END LOOP;
END
$$;

-- Takes the locks of a step on these jobs, in the order that is told above. Returns the groups that it locked.
CREATE FUNCTION lock_jobs(ids text[], more_groups text[] DEFAULT '{}') RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  locked text[];
  groups text[];
BEGIN
  SELECT array_agg(id), array_agg(DISTINCT group_key) FILTER (WHERE group_key IS NOT NULL) INTO locked, groups
  FROM (SELECT id, group_key FROM jobs WHERE id = ANY (ids) ORDER BY id FOR UPDATE) AS of_jobs;
  -- A job that is not there must not come up in the middle of the step, with a row that is not locked. To wait for the
  -- catalog here would be out of order: the whole call is repeated.
  IF NOT ids <@ COALESCE(locked, '{}') THEN
    PERFORM keep_missing(ids, locked);
    PERFORM lock_all('cronduit removed', ARRAY(SELECT id FROM unnest(ids) AS id WHERE id <> ALL (COALESCE(locked, '{}'))));
  END IF;
  -- Most fleets have none, and each job asks at each run.
  IF EXISTS (SELECT 1 FROM deps) THEN
    PERFORM 1 FROM deps WHERE referenced = ANY (ids) OR dependent = ANY (ids) ORDER BY referenced, dependent FOR UPDATE;
  END IF;
  -- Runs stay in the group that their job had when they began.
  IF EXISTS (SELECT 1 FROM instances WHERE group_key IS NOT NULL) THEN
    groups := groups || ARRAY(
      SELECT DISTINCT group_key FROM instances WHERE job_id = ANY (ids) AND group_key IS NOT NULL);
  END IF;
  groups := groups || more_groups;
  IF cardinality(groups) = 0 THEN RETURN '{}'; END IF;
  PERFORM lock_all('cronduit group', groups);
  RETURN ARRAY(SELECT DISTINCT key FROM unnest(groups) AS key);
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
