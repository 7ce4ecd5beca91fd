-- What becomes of new runs, of occurrences and of those that a person asked for, and of the queued ones.

-- What becomes of a queued run when it is looked at: 'late', 'go', 'condition' (it is false, and the run waits no more),
-- or 'wait'.
CREATE FUNCTION fate_of(job jobs, queued pending, is_true boolean, now_ms bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN queued.kind = 'scheduled' AND is_late(job, queued.due_at, now_ms) THEN 'late'
    WHEN is_true OR queued.is_unconditional THEN 'go'
    WHEN job.wait_ms IS NULL OR queued.wait_until <= now_ms THEN 'condition'
    ELSE 'wait' END
$$;

-- Looks at the queued runs, oldest first: decides what can't wait any more, and starts the first that may start.
CREATE FUNCTION take_queued(job jobs, r jsonb, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  -- Bounds the step; what is beyond has another.
  max_looked_at constant integer := 1000;
  d decision;
  queued pending;
  judged judgement;
  fate text;
  is_free boolean := NOT is_full(job);
  is_in_line boolean := false;
  look_at bigint;
  decided integer := 0;
BEGIN
  d.told := '{}';
  -- While no instance is free, time still runs out for those that wait for their condition.
  IF is_free OR job.wait_ms IS NOT NULL THEN
    FOR queued IN
      SELECT * FROM pending WHERE job_id = job.id ORDER BY fire_at, run_id LIMIT max_looked_at
    LOOP
      IF job.condition IS NOT NULL AND judged.facts IS NULL THEN judged := judge(job, now_ms); END IF;
      fate := fate_of(job, queued, COALESCE(judged.is_true, true), now_ms);
      IF fate IN ('late', 'condition') THEN
        DELETE FROM pending WHERE job_id = job.id AND run_id = queued.run_id;
        decided := decided + 1;
        d.told := d.told || CASE fate
          WHEN 'late' THEN decide_against(job, occurrence_of(queued), 'missed', 'JOB_MISSED', now_ms)
          ELSE decide_against(job, occurrence_of(queued), 'skipped', 'JOB_SKIPPED', now_ms, 'condition',
            asked_facts => judged.facts) END;
      ELSIF fate = 'wait' THEN
        IF queued.wait_until IS NULL THEN
          queued.wait_until := now_ms + job.wait_ms;
          UPDATE pending SET wait_until = queued.wait_until WHERE job_id = job.id AND run_id = queued.run_id;
        END IF;
        look_at := LEAST(look_at, queued.wait_until, judged.expires_at);
      ELSIF is_free AND job.group_key IS NOT NULL AND NOT has_group_room(job) THEN
        is_in_line := true;
        is_free := false;
      ELSIF is_free THEN
        DELETE FROM pending WHERE job_id = job.id AND run_id = queued.run_id;
        d := join_told(d.told, start_queued(job, r, queued, now_ms));
        EXIT;
      END IF;
      EXIT WHEN NOT is_free AND job.wait_ms IS NULL;
    END LOOP;
  END IF;
  -- After a start the others have not been looked at; they are, as soon as an instance is free.
  IF job.condition IS NOT NULL
    AND ((d.held).run_id IS NULL OR NOT EXISTS (SELECT 1 FROM pending WHERE job_id = job.id)) THEN
    PERFORM call_at(job, look_at, now_ms);
  END IF;
  IF ((d.held).run_id IS NOT NULL OR decided > 0) AND NOT EXISTS (SELECT 1 FROM pending WHERE job_id = job.id) THEN
    PERFORM drop_calls(job.id);
  END IF;
  IF is_in_line THEN
    PERFORM join_line(job);
  ELSIF job.group_key IS NOT NULL THEN
    PERFORM leave_line(job);
  END IF;
  d.is_looked := (d.held).run_id IS NULL AND decided < max_looked_at;
  RETURN d;
END
$$;

-- What a new run finds. `outcome`:
-- 'start'; 'queue' (it waits, or stands behind others that do); 'overlap' (the job is full and this is not its end);
-- or why it is skipped: 'condition', with the facts, or 'max-instances'.
CREATE TYPE prospect AS (outcome text, facts jsonb, wait_until bigint, waiting bigint);

CREATE FUNCTION prospect_of(job jobs, is_unconditional boolean, now_ms bigint) RETURNS prospect LANGUAGE plpgsql AS $$
DECLARE
  p prospect;
  judged judgement;
  running bigint;
BEGIN
  IF job.condition IS NOT NULL AND NOT is_unconditional THEN
    judged := judge(job, now_ms);
    IF NOT judged.is_true THEN
      IF job.wait_ms IS NULL THEN
        p.outcome := 'condition';
        p.facts := judged.facts;
        RETURN p;
      END IF;
      p.wait_until := now_ms + job.wait_ms;
    END IF;
  END IF;
  SELECT count(*) INTO running FROM instances WHERE job_id = job.id AND kind <> 'backfill';
  p.waiting := 0;
  IF is_held_up(job) OR job.overlap <> 'skip' THEN
    SELECT count(*) INTO p.waiting FROM pending WHERE job_id = job.id;
  END IF;
  p.outcome := CASE
    WHEN running + (CASE WHEN is_held_up(job) THEN p.waiting ELSE 0 END) >= job.max_instances THEN
      CASE WHEN job.overlap = 'skip' OR (job.overlap = 'queue-all' AND p.waiting >= job.max_catch_up)
        THEN 'max-instances' ELSE 'overlap' END
    WHEN p.wait_until IS NOT NULL OR p.waiting > 0 OR (job.group_key IS NOT NULL AND NOT has_group_room(job)) THEN 'queue'
    ELSE 'start' END;
  RETURN p;
END
$$;

-- A full job: makes the place in which the latest is to wait, before which these others came. Returns the events.
CREATE FUNCTION make_place(job jobs, others occurrences[], now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  oldest instances;
  ended record;
  told jsonb[];
BEGIN
  IF job.overlap = 'queue-all' THEN RETURN '{}'; END IF;
  told := decide_each(job, take_scheduled(job) || others, NULL, 'skipped', 'JOB_SKIPPED', now_ms, 'overlap-replaced');
  IF job.overlap = 'cancel-running' AND is_full(job) THEN
    SELECT * INTO oldest FROM instances WHERE job_id = job.id AND kind <> 'backfill' AND cancel_reason IS NULL
    ORDER BY fire_at, run_id COLLATE "C" LIMIT 1;
    IF FOUND THEN
      SELECT * INTO ended FROM cancel_held(job, oldest, 'a later occurrence took its place', now_ms);
      told := told || ended.told;
    END IF;
  END IF;
  RETURN told;
END
$$;

-- With coalesce: one decision for all, by the latest. `due` is in order, oldest first; `older` stands before it.
CREATE FUNCTION decide_together(
  job jobs, r jsonb, due occurrences[], older occurrences, now_ms bigint
) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  p prospect;
  together occurrences := due[cardinality(due)];
  others occurrences;
  queued pending;
  told jsonb[] := '{}';
BEGIN
  d.told := '{}';
  together.from_at := COALESCE(older.from_at, due[1].fire_at);
  together.count := cardinality(due) + COALESCE(older.count, 0);
  IF is_late(job, together.due_at, now_ms) THEN
    d.told := ARRAY[decide_against(job, together, 'missed', 'JOB_MISSED', now_ms)];
    RETURN d;
  END IF;
  p := prospect_of(job, false, now_ms);
  IF p.outcome IN ('condition', 'max-instances') THEN
    d.told := ARRAY[decide_against(job, together, 'skipped',
      CASE p.outcome WHEN 'condition' THEN 'JOB_SKIPPED' ELSE 'JOB_MAX_INSTANCES' END, now_ms, p.outcome,
      asked_facts => p.facts)];
    RETURN d;
  END IF;
  queued.job_id := job.id;
  queued.run_id := wake_up_id(job.id, '', job.generation, together.fire_at);
  queued.kind := 'scheduled';
  queued.fire_at := together.fire_at;
  queued.due_at := together.due_at;
  queued.from_at := together.from_at;
  queued.count := together.count;
  queued.is_unconditional := false;
  queued.wait_until := p.wait_until;
  IF together.count > 1 THEN
    others := CASE WHEN cardinality(due) > 1 THEN due[cardinality(due) - 1] ELSE older END;
    others.from_at := together.from_at;
    others.count := together.count - 1;
    told := ARRAY[decide_against(job, others, 'coalesced', 'JOB_COALESCED', now_ms, into_run => queued.run_id)];
  END IF;
  IF p.outcome = 'start' THEN
    d := start_queued(job, r, queued, now_ms);
  ELSE
    IF p.outcome = 'overlap' THEN told := told || make_place(job, '{}', now_ms); END IF;
    INSERT INTO pending SELECT queued.* ON CONFLICT DO NOTHING;
    d := take_queued(job, r, now_ms);
  END IF;
  RETURN join_told(told, d);
END
$$;

-- Without coalesce: each alone, oldest first; but whether the job is full is asked once. Those that must wait are queued.
CREATE FUNCTION decide_singly(
  job jobs, r jsonb, due occurrences[], older occurrences, now_ms bigint
) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  p prospect;
  missed occurrences[] := '{}';
  runnable occurrences[] := '{}';
  last integer;
  told jsonb[] := '{}';
BEGIN
  FOR i IN 1 .. cardinality(due) LOOP
    IF cardinality(due) - i >= job.max_catch_up OR is_late(job, due[i].due_at, now_ms) THEN
      missed := missed || due[i];
    ELSE
      runnable := runnable || due[i];
    END IF;
  END LOOP;
  IF older.fire_at IS NOT NULL OR cardinality(missed) > 0 THEN
    told := decide_each(job, missed, older, 'missed', 'JOB_MISSED', now_ms);
  END IF;
  last := cardinality(runnable);
  IF last > 0 THEN
    p := prospect_of(job, false, now_ms);
    IF p.outcome IN ('condition', 'max-instances') THEN
      d.told := told || decide_each(job, runnable, NULL, 'skipped',
        CASE p.outcome WHEN 'condition' THEN 'JOB_SKIPPED' ELSE 'JOB_MAX_INSTANCES' END, now_ms, p.outcome, p.facts);
      RETURN d;
    END IF;
    IF p.outcome = 'overlap' THEN
      IF job.overlap <> 'queue-all' THEN
        told := told || make_place(job, runnable[:last - 1], now_ms);
        runnable := runnable[last:];
      ELSIF p.waiting + last > job.max_catch_up THEN
        last := job.max_catch_up - p.waiting;
        told := told || decide_each(job, runnable[last + 1:], NULL, 'skipped', 'JOB_MAX_INSTANCES', now_ms, 'max-instances');
        runnable := runnable[:last];
      END IF;
    END IF;
    INSERT INTO pending (job_id, run_id, kind, fire_at, due_at, from_at, count, wait_until)
      SELECT job.id, wake_up_id(job.id, '', job.generation, o.fire_at), 'scheduled', o.fire_at, o.due_at, o.fire_at, 1,
        p.wait_until
      FROM unnest(runnable) AS o ON CONFLICT DO NOTHING;
  END IF;
  RETURN join_told(told, take_queued(job, r, now_ms));
END
$$;

CREATE FUNCTION decide_manual(job jobs, r jsonb, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  p prospect;
  request asked;
  queued pending;
  told jsonb[] := '{}';
BEGIN
  d.told := '{}';
  DELETE FROM asked WHERE job_id = job.id AND run_id = r ->> 'queueJobId' RETURNING * INTO request;
  IF NOT FOUND THEN RETURN d; END IF;
  queued.job_id := job.id;
  queued.run_id := request.run_id;
  queued.kind := 'manual';
  queued.fire_at := request.fire_at;
  queued.due_at := request.fire_at;
  queued.from_at := request.fire_at;
  queued.count := 1;
  queued.params := request.params;
  queued.is_unconditional := request.is_unconditional;
  p := prospect_of(job, request.is_unconditional, now_ms);
  queued.wait_until := p.wait_until;
  IF p.outcome IN ('condition', 'max-instances') THEN
    d.told := ARRAY[decide_against(job, occurrence_of(queued), 'skipped',
      CASE p.outcome WHEN 'condition' THEN 'JOB_SKIPPED' ELSE 'JOB_MAX_INSTANCES' END, now_ms, p.outcome,
      asked_facts => p.facts)];
    RETURN d;
  END IF;
  IF p.outcome = 'start' THEN RETURN start_queued(job, r, queued, now_ms); END IF;
  IF p.outcome = 'overlap' THEN told := make_place(job, '{}', now_ms); END IF;
  INSERT INTO pending SELECT queued.* ON CONFLICT DO NOTHING;
  RETURN join_told(told, take_queued(job, r, now_ms));
END
$$;
