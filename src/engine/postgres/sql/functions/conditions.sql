-- Conditions: what they ask about jobs, and the machine that decides them; src/conditions/compile.ts is the reference.

-- What a program asks about each job that it names, by its id; null = no such job. One statement, so one instant.
CREATE FUNCTION facts_of(program jsonb) RETURNS jsonb LANGUAGE sql AS $$
  SELECT COALESCE(jsonb_object_agg(named.id, CASE WHEN jobs.id IS NULL THEN 'null' ELSE jsonb_build_object(
    'lastVerdict', jobs.last_run -> 'verdict', 'lastSuccessAt', jobs.last_success_at,
    'successStreak', jobs.success_streak, 'running', live.runs,
    'everRan', jobs.last_run IS NOT NULL OR live.runs > 0) END), '{}')
  FROM (SELECT DISTINCT step ->> 1 AS id FROM jsonb_array_elements(program) AS step
    WHERE jsonb_array_length(step) > 1) AS named
  LEFT JOIN jobs ON jobs.id = named.id
  LEFT JOIN LATERAL (SELECT count(*) AS runs FROM instances WHERE job_id = named.id) AS live ON true
$$;

-- What one step on a job pushes: SQL's TRUE, FALSE and NULL, which stands for "no such job".
CREATE FUNCTION ask(step jsonb, facts jsonb, now_ms bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF jsonb_typeof(facts) = 'null' THEN RETURN NULL; END IF;
  RETURN CASE step ->> 0
    WHEN 'ok' THEN COALESCE(facts ->> 'lastVerdict' = 'succeeded', false)
    WHEN 'failed' THEN COALESCE(facts ->> 'lastVerdict' = 'failed', false)
    WHEN 'running' THEN (facts ->> 'running')::bigint > 0
    WHEN 'never' THEN NOT (facts ->> 'everRan')::boolean
    WHEN 'runs' THEN (facts ->> 'successStreak')::bigint >= (step ->> 2)::bigint
    WHEN 'within' THEN COALESCE(now_ms - (facts ->> 'lastSuccessAt')::bigint <= (step ->> 2)::bigint, false)
  END;
END
$$;

-- Runs a program: true, false, or null, which is as good as false.
CREATE FUNCTION run_program(program jsonb, facts jsonb, now_ms bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  step jsonb;
  stack boolean[] := '{}';
  top integer := 0;
BEGIN
  FOR step IN SELECT value FROM jsonb_array_elements(program) LOOP
    CASE step ->> 0
      WHEN 'and' THEN
        top := top - 1;
        stack[top] := stack[top] AND stack[top + 1];
      WHEN 'or' THEN
        top := top - 1;
        stack[top] := stack[top] OR stack[top + 1];
      WHEN 'not' THEN
        stack[top] := NOT stack[top];
      ELSE
        top := top + 1;
        stack[top] := ask(step, facts -> (step ->> 1), now_ms);
    END CASE;
  END LOOP;
  RETURN stack[1];
END
$$;

-- The next instant at which one of a program's terms becomes false by the mere passing of time.
CREATE FUNCTION program_expires_at(program jsonb, facts jsonb, now_ms bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT min(over) FROM (
    SELECT (facts -> (step ->> 1) ->> 'lastSuccessAt')::bigint + (step ->> 2)::bigint + 1 AS over
    FROM jsonb_array_elements(program) AS step WHERE step ->> 0 = 'within') AS terms
  WHERE over > now_ms
$$;

-- A job's condition as it is now. `expires_at`: when it is to be looked at again though nothing happens.
CREATE TYPE judgement AS (is_true boolean, facts jsonb, expires_at bigint);

CREATE FUNCTION judge(job jobs, now_ms bigint) RETURNS judgement LANGUAGE plpgsql AS $$
DECLARE
  found_now judgement;
BEGIN
  found_now.facts := facts_of(job.condition);
  found_now.is_true := COALESCE(run_program(job.condition, found_now.facts, now_ms), false);
  found_now.expires_at := program_expires_at(job.condition, found_now.facts, now_ms);
  RETURN found_now;
END
$$;

-- The jobs that a condition names if it waits; none otherwise, or without one.
CREATE FUNCTION waits_for(program jsonb, wait_ms bigint) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY(SELECT DISTINCT step ->> 1 FROM jsonb_array_elements(program) AS step
    WHERE wait_ms IS NOT NULL AND jsonb_array_length(step) > 1)
$$;

-- Keeps the index of those that wait. Their jobs, and those that they name, are locked.
CREATE FUNCTION link_condition(job_id text, program jsonb, wait_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM deps WHERE dependent = job_id;
  INSERT INTO deps (referenced, dependent) SELECT name, job_id FROM unnest(waits_for(program, wait_ms)) AS name;
END
$$;

-- Something that conditions of other jobs ask about these has changed: those with runs that wait look again.
CREATE FUNCTION wake_dependents(changed text[], now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  waiting record;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM deps) THEN RETURN; END IF;
  FOR waiting IN
    SELECT DISTINCT jobs.id, jobs.pipeline FROM deps JOIN jobs ON jobs.id = deps.dependent
    WHERE deps.referenced = ANY (changed)
      AND EXISTS (SELECT 1 FROM pending WHERE pending.job_id = deps.dependent AND wait_until IS NOT NULL)
  LOOP
    PERFORM call_job(waiting.id, waiting.pipeline, now_ms);
  END LOOP;
END
$$;
