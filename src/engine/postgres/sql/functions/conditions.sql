-- Conditions: their facts, and the stack machine that evaluates them; src/conditions/compile.ts is the reference.

-- What a program asks about each job that it names, by id; null = it sees no such job. One statement, so one instant.
CREATE FUNCTION facts_of(program jsonb, scope jsonb) RETURNS jsonb LANGUAGE sql AS $$
  SELECT COALESCE(jsonb_object_agg(named.id, CASE WHEN jobs.id IS NULL THEN 'null' ELSE jsonb_build_object(
    'lastVerdict', jobs.last_run -> 'verdict', 'lastSuccessAt', jobs.last_success_at,
    'successStreak', jobs.success_streak, 'running', live.runs,
    'everRan', jobs.last_run IS NOT NULL OR live.runs > 0) END), '{}')
  FROM (SELECT DISTINCT step ->> 1 AS id FROM jsonb_array_elements(program) AS step
    WHERE jsonb_array_length(step) > 1) AS named
  LEFT JOIN jobs ON jobs.id = named.id AND is_in_scope(scope, jobs.owner)
  LEFT JOIN LATERAL (SELECT count(*) AS runs FROM running_runs WHERE job_id = named.id) AS live ON true
$$;

-- What a term pushes: TRUE, FALSE, or NULL, which stands for "no such job".
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

-- Evaluates a program: true, false, or null, which counts as false.
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

-- The next instant at which a term of a program becomes false just because time passes.
CREATE FUNCTION program_expires_at(program jsonb, facts jsonb, now_ms bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT min(over) FROM (
    SELECT (facts -> (step ->> 1) ->> 'lastSuccessAt')::bigint + (step ->> 2)::bigint + 1 AS over
    FROM jsonb_array_elements(program) AS step WHERE step ->> 0 = 'within') AS terms
  WHERE over > now_ms
$$;

-- A job's condition as it is now. `expires_at`: when to look again even if nothing happens.
CREATE TYPE judgement AS (is_true boolean, facts jsonb, expires_at bigint);

CREATE FUNCTION judge(job jobs, now_ms bigint) RETURNS judgement LANGUAGE plpgsql AS $$
DECLARE
  found_now judgement;
BEGIN
  found_now.facts := facts_of(job.condition, job.sees);
  found_now.is_true := COALESCE(run_program(job.condition, found_now.facts, now_ms), false);
  found_now.expires_at := program_expires_at(job.condition, found_now.facts, now_ms);
  RETURN found_now;
END
$$;

-- The jobs that a condition names if it waits, each once.
CREATE FUNCTION waits_for(program jsonb, wait_ms bigint) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY(SELECT DISTINCT step ->> 1 FROM jsonb_array_elements(program) AS step
    WHERE wait_ms IS NOT NULL AND jsonb_array_length(step) > 1)
$$;

-- Keeps the index of waiting conditions. This job and those that the condition names are locked.
CREATE FUNCTION link_condition(job_id text, program jsonb, wait_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM deps WHERE dependent = job_id;
  INSERT INTO deps (referenced, dependent) SELECT name, job_id FROM unnest(waits_for(program, wait_ms)) AS name;
END
$$;
