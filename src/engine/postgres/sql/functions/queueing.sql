-- Queueing: how runs get into a job's queue, and when they leave it.

-- With `cancel-running`: cancels the oldest run that nobody has cancelled yet. Returns the events.
CREATE FUNCTION cancel_oldest(job jobs, now_ms bigint) RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
  oldest running_runs;
  ended record;
BEGIN
  IF job.overlap <> 'cancel-running' OR NOT is_full(job) THEN RETURN '{}'; END IF;
  SELECT * INTO oldest FROM running_runs WHERE job_id = job.id AND kind <> 'backfill' AND cancel_reason IS NULL
  ORDER BY fire_at, run_id COLLATE "C" LIMIT 1;
  IF NOT FOUND THEN RETURN '{}'; END IF;
  SELECT * INTO ended FROM cancel_held(job, oldest, 'a later occurrence took its place',
    '{"kind":"system","id":"overlap"}', now_ms);
  RETURN ended.events;
END
$$;

-- Queues a run instead of `others`, which came before it, and of the queued occurrences. Returns the events.
CREATE FUNCTION replace_queued(job jobs, others occurrences[], run queued_runs, now_ms bigint) RETURNS jsonb[]
LANGUAGE plpgsql AS $$
DECLARE
  events jsonb[];
BEGIN
  events := decide_each(job, pop_scheduled(job) || others, NULL, 'skipped', 'JOB_SKIPPED', now_ms, 'overlap-replaced');
  PERFORM add_queued(run);
  RETURN events || cancel_oldest(job, now_ms);
END
$$;

-- Puts occurrences that are due into the queue, oldest first, as far as there is a place for them; it is asked for once. The
-- others are skipped. Tells whether some are in the queue, which is to be looked at, and the events.
CREATE FUNCTION line_up(job jobs, runs occurrences[], now_ms bigint, OUT is_queued boolean, OUT events jsonb[])
LANGUAGE plpgsql AS $$
DECLARE
  p place := place_of(job, false, now_ms);
  why refusal;
  last integer := cardinality(runs);
BEGIN
  is_queued := p.outcome NOT IN ('condition', 'full');
  events := '{}';
  IF NOT is_queued THEN
    why := refusal_of(p);
    events := decide_each(job, runs, NULL, 'skipped', why.event_name, now_ms, why.reason, why.facts);
  ELSIF p.outcome = 'replace' THEN
    events := replace_queued(job, runs[:last - 1], scheduled_run(job, runs[last], p.wait_until), now_ms);
  ELSE
    INSERT INTO queued_runs SELECT queued.*
      FROM generate_series(1, LEAST(last, p.room)) AS i, LATERAL scheduled_run(job, runs[i], p.wait_until) AS queued
      ON CONFLICT DO NOTHING;
    IF p.room < last THEN
      p.outcome := 'full';
      why := refusal_of(p);
      events := decide_each(job, runs[p.room + 1:], NULL, 'skipped', why.event_name, now_ms, why.reason, why.facts);
    END IF;
  END IF;
END
$$;

-- The fate of a queued run: 'start', 'late', 'condition' (it is false, and the run waits no longer), or 'wait'.
CREATE FUNCTION fate_of(job jobs, queued queued_runs, is_true boolean, now_ms bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN queued.kind = 'scheduled' AND is_late(job, queued.due_at, now_ms) THEN 'late'
    WHEN is_true OR queued.ignore_condition THEN 'start'
    WHEN job.wait_ms IS NULL OR queued.wait_until <= now_ms THEN 'condition'
    ELSE 'wait' END
$$;

-- After a look at a job in a group: keeps or gives up its place in the line. The group wakes the next at the end of the step.
CREATE FUNCTION pass_turn(job jobs, is_held_by_group boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF is_held_by_group THEN
    PERFORM join_line(job);
  ELSE
    PERFORM leave_line(job);
  END IF;
END
$$;

-- Looks at the queued runs, oldest first: decides those that can't wait any longer, and starts the first that may start.
CREATE FUNCTION take_queued(job jobs, r jsonb, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  -- Queued runs that one step looks at; the next step takes what is beyond.
  max_looked_at constant integer := 1000;
  d decision;
  queued queued_runs;
  judged judgement;
  fate text;
  has_room boolean := NOT is_full(job);
  is_held_by_group boolean := false;
  look_at bigint;
  decided integer := 0;
BEGIN
  d.events := '{}';
  -- Without room only runs that wait for a condition can have something to decide.
  IF has_room OR job.wait_ms IS NOT NULL THEN
    FOR queued IN
      SELECT * FROM queued_runs WHERE job_id = job.id ORDER BY fire_at, run_id LIMIT max_looked_at
    LOOP
      IF job.condition IS NOT NULL AND judged.facts IS NULL THEN judged := judge(job, now_ms); END IF;
      fate := fate_of(job, queued, COALESCE(judged.is_true, true), now_ms);
      IF fate IN ('late', 'condition') THEN
        DELETE FROM queued_runs WHERE job_id = job.id AND run_id = queued.run_id;
        decided := decided + 1;
        d.events := d.events || CASE fate
          WHEN 'late' THEN decide_against(job, occurrence_of(queued), 'missed', 'JOB_MISSED', now_ms)
          ELSE decide_against(job, occurrence_of(queued), 'skipped', 'JOB_SKIPPED', now_ms, 'condition',
condition_facts => judged.facts, asked_by => queued.requested_by) END;
      ELSIF fate = 'wait' THEN
        IF queued.wait_until IS NULL THEN
          queued.wait_until := now_ms + job.wait_ms;
          UPDATE queued_runs SET wait_until = queued.wait_until WHERE job_id = job.id AND run_id = queued.run_id;
        END IF;
        look_at := LEAST(look_at, queued.wait_until, judged.expires_at);
      ELSIF has_room AND job.group_key IS NOT NULL AND NOT has_group_room(job) THEN
        is_held_by_group := true;
        has_room := false;
      ELSIF has_room THEN
        DELETE FROM queued_runs WHERE job_id = job.id AND run_id = queued.run_id;
        d := join_events(d.events, start_run(job, r, queued, now_ms));
        EXIT;
      END IF;
      EXIT WHEN NOT has_room AND job.wait_ms IS NULL;
    END LOOP;
  END IF;
  -- After a start the others have not been looked at; they will be as soon as there is room.
  IF job.condition IS NOT NULL
    AND ((d.held).run_id IS NULL OR NOT EXISTS (SELECT 1 FROM queued_runs WHERE job_id = job.id)) THEN
    PERFORM wake_at(job, look_at, now_ms);
  END IF;
  IF ((d.held).run_id IS NOT NULL OR decided > 0) AND NOT EXISTS (SELECT 1 FROM queued_runs WHERE job_id = job.id) THEN
    PERFORM drop_wakeups(job.id);
  END IF;
  IF job.group_key IS NOT NULL THEN PERFORM pass_turn(job, is_held_by_group); END IF;
  d.has_looked := (d.held).run_id IS NULL AND decided < max_looked_at;
  RETURN d;
END
$$;
