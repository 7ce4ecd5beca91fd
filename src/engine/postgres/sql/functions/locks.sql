/*
Every function takes its locks in this order, so that no two calls wait for each other:
1. `lock_catalog`: calls that add jobs, or conditions that wait. A step that meets a job which does not exist tries for this
   lock, and is repeated if it can't have it.
2. The rows of the jobs that the call is about, in the order of their ids (`lock_jobs`). Then, for jobs that were removed but
   whose runs may continue, advisory locks in the order of their numbers. So the events of a job come in the order of their
   times.
3. The rows of `deps` that name one of these jobs on either side, in their order. A job that waits for its condition reads
   facts of other jobs, whose rows it must not lock. Yet between its look at them and its commit none of them may change and
   find nobody waiting. Each pair of jobs has a row of `deps`, and the steps of both lock it: whichever comes second sees what
   the first has done. So either the condition sees the change, or the change sees who waits, and wakes it. New rows are
   written while the jobs that they name are locked; for a job that does not exist yet `lock_catalog` stands in.
4. The groups of these jobs and of their runs, as advisory locks in the order of their numbers: a group's members and its line
   change, and are counted, under its lock only.
5. Rows of these jobs: running runs, queued runs, ledger. Of other jobs a step only adds rows that no other step adds: wakeups.
6. The event log, last.
*/

-- The lock of calls that add jobs, or conditions that wait.
CREATE FUNCTION lock_catalog() RETURNS void LANGUAGE sql AS $$
  SELECT pg_advisory_xact_lock(hashtext('cronduit catalog'), hashtext(current_schema()))
$$;

-- Prevents jobs from being added until the transaction ends; fails if one of these was added since they were locked.
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

-- Takes the locks of a step on these jobs, in the order given above. Returns the groups that it locked.
CREATE FUNCTION lock_jobs(ids text[], more_groups text[] DEFAULT '{}') RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  locked text[];
  groups text[];
BEGIN
  SELECT array_agg(id), array_agg(DISTINCT group_key) FILTER (WHERE group_key IS NOT NULL) INTO locked, groups
  FROM (SELECT id, group_key FROM jobs WHERE id = ANY (ids) ORDER BY id FOR UPDATE) AS of_jobs;
  -- A job that does not exist must not appear in the middle of the step, with a row that is not locked. Waiting for the catalog
  -- here would be out of order: the whole call is repeated.
  IF NOT ids <@ COALESCE(locked, '{}') THEN
    PERFORM keep_missing(ids, locked);
    PERFORM lock_all('cronduit removed', ARRAY(SELECT id FROM unnest(ids) AS id WHERE id <> ALL (COALESCE(locked, '{}'))));
  END IF;
  -- Most fleets have none, and every run asks.
  IF EXISTS (SELECT 1 FROM deps) THEN
    PERFORM 1 FROM deps WHERE referenced = ANY (ids) OR dependent = ANY (ids) ORDER BY referenced, dependent FOR UPDATE;
  END IF;
  -- Runs stay in the group that their job had when they started.
  IF EXISTS (SELECT 1 FROM running_runs WHERE group_key IS NOT NULL) THEN
    groups := groups || ARRAY(
      SELECT DISTINCT group_key FROM running_runs WHERE job_id = ANY (ids) AND group_key IS NOT NULL);
  END IF;
  groups := groups || more_groups;
  IF cardinality(groups) = 0 THEN RETURN '{}'; END IF;
  PERFORM lock_all('cronduit group', groups);
  RETURN ARRAY(SELECT DISTINCT key FROM unnest(groups) AS key);
END
$$;

-- Whether a job may be stored depends on claims and fences, and whether those may be made depends on the jobs that exist: both
-- are read under one lock of this queue. Any number of calls may store jobs at once; claiming and fencing exclude them.
CREATE FUNCTION lock_claims(is_shared boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF is_shared THEN
    PERFORM pg_advisory_xact_lock_shared(hashtext('cronduit claims'), hashtext(current_schema()));
  ELSE
    PERFORM pg_advisory_xact_lock(hashtext('cronduit claims'), hashtext(current_schema()));
  END IF;
END
$$;
