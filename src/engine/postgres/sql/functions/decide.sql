-- Decisions: what becomes of the occurrences that are due, of a manual run, and of a backfill run.

CREATE FUNCTION admit_manual(job jobs, r jsonb, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  p place;
  why refusal;
  request run_requests;
  run queued_runs;
BEGIN
  d.events := '{}';
  DELETE FROM run_requests WHERE job_id = job.id AND run_id = r ->> 'queueJobId' RETURNING * INTO request;
  IF NOT FOUND THEN RETURN d; END IF;
  p := place_of(job, request.ignore_condition, now_ms);
  run := ROW(job.id, request.run_id, 'manual', request.fire_at, request.fire_at, request.fire_at, 1, request.params,
    request.ignore_condition, p.wait_until, request.requested_by)::queued_runs;
  IF p.outcome NOT IN ('condition', 'full') THEN RETURN put_in_place(job, r, run, p, now_ms); END IF;
  why := refusal_of(p);
  d.events := ARRAY[decide_against(job, occurrence_of(run), 'skipped', why.event_name, now_ms, why.reason,
    condition_facts => why.facts, asked_by => request.requested_by)];
  RETURN d;
END
$$;

-- Starts a backfill run, if it still has its queue job and there is room.
CREATE FUNCTION admit_backfill(job jobs, r jsonb, now_ms bigint) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  run queued_runs;
  of_time backfill_times;
BEGIN
  d.events := '{}';
  d.answer := '{"o":"none"}';
  SELECT * INTO of_time FROM backfill_times WHERE job_id = job.id AND queue_job_id = r ->> 'queueJobId';
  IF NOT FOUND THEN RETURN d; END IF;
  IF NOT has_group_room(job) THEN
    UPDATE backfill_times SET queue_job_id = NULL WHERE job_id = job.id AND fire_at = of_time.fire_at;
    PERFORM join_line(job, true);
    RETURN d;
  END IF;
  DELETE FROM backfill_times WHERE job_id = job.id AND fire_at = of_time.fire_at;
  run.run_id := queue_job_id_of(job.id, 'b', 0, of_time.fire_at);
  run.kind := 'backfill';
  run.fire_at := of_time.fire_at;
  run.due_at := of_time.fire_at;
  run.from_at := of_time.fire_at;
  run.count := 1;
  d := start_run(job, r, run, now_ms);
  d.answer := answer_run(job, d.held);
  RETURN d;
END
$$;

-- With coalesce: one decision for all, by the latest. `due` is in order, oldest first; `older` comes before it.
CREATE FUNCTION decide_together(
  job jobs, r jsonb, due occurrences[], older occurrences, now_ms bigint
) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  p place;
  why refusal;
  together occurrences := due[cardinality(due)];
  others occurrences;
  run queued_runs;
  events jsonb[] := '{}';
BEGIN
  d.events := '{}';
  together.from_at := COALESCE(older.from_at, due[1].fire_at);
  together.count := cardinality(due) + COALESCE(older.count, 0);
  IF is_late(job, together.due_at, now_ms) THEN
    d.events := ARRAY[decide_against(job, together, 'missed', 'JOB_MISSED', now_ms)];
    RETURN d;
  END IF;
  p := place_of(job, false, now_ms);
  IF p.outcome IN ('condition', 'full') THEN
    why := refusal_of(p);
    d.events := ARRAY[decide_against(job, together, 'skipped', why.event_name, now_ms, why.reason, condition_facts => why.facts)];
    RETURN d;
  END IF;
  run := scheduled_run(job, together, p.wait_until);
  IF together.count > 1 THEN
    others := CASE WHEN cardinality(due) > 1 THEN due[cardinality(due) - 1] ELSE older END;
    others.from_at := together.from_at;
    others.count := together.count - 1;
    events := ARRAY[decide_against(job, others, 'coalesced', 'JOB_COALESCED', now_ms, into_run => run.run_id)];
  END IF;
  RETURN join_events(events, put_in_place(job, r, run, p, now_ms));
END
$$;

-- Without coalesce: each on its own, oldest first.
CREATE FUNCTION decide_singly(
  job jobs, r jsonb, due occurrences[], older occurrences, now_ms bigint
) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  placed record;
  missed occurrences[] := '{}';
  runs occurrences[] := '{}';
  events jsonb[] := '{}';
BEGIN
  FOR i IN 1 .. cardinality(due) LOOP
    IF cardinality(due) - i >= job.max_catch_up OR is_late(job, due[i].due_at, now_ms) THEN
      missed := missed || due[i];
    ELSE
      runs := runs || due[i];
    END IF;
  END LOOP;
  IF older.fire_at IS NOT NULL OR cardinality(missed) > 0 THEN
    events := decide_each(job, missed, older, 'missed', 'JOB_MISSED', now_ms);
  END IF;
  IF cardinality(runs) > 0 THEN
    placed := line_up(job, runs, now_ms);
    events := events || placed.events;
    IF NOT placed.is_queued THEN
      d.events := events;
      RETURN d;
    END IF;
  END IF;
  RETURN join_events(events, take_queued(job, r, now_ms));
END
$$;
