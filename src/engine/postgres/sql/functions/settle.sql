/*
settle: ends runs: records the verdict, updates counters, frees the instance. A start that lost its run is refused.

requests     JSON array of SettleRequest; durations in ms; `result` and `error` as JSON text
now_ms       epoch ms; null = the server's clock
max_entries  entries that the event log keeps, about
Returns a JSON array with one answer for each request, in order:
  {"o":"settled"}  with "ended" if the queue job ended too, because the request named its lock
  {"o":"fenced"}   another start has the run, or it has ended
Each answer also holds "now".
*/
CREATE FUNCTION settle(requests jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  r jsonb;
  place bigint;
  job jobs;
  held running_runs;
  groups text[];
  changed text[] := '{}';
  last_of text[] := '{}';
  events jsonb[] := '{}';
  answer jsonb;
  answers jsonb := '{}';
  held_ids text[] := '{}';
  tokens text[] := '{}';
  ended text[];
BEGIN
  groups := lock_jobs(ARRAY(SELECT value ->> 'jobId' FROM jsonb_array_elements(requests)));
  now_ms := server_now(now_ms);
  FOR r, place IN SELECT value, ordinality FROM jsonb_array_elements(requests) WITH ORDINALITY
    ORDER BY value ->> 'jobId', ordinality
  LOOP
    SELECT * INTO held FROM running_runs
      WHERE job_id = r ->> 'jobId' AND queue_job_id = r ->> 'queueJobId' FOR UPDATE;
    IF NOT FOUND OR held.run_id <> r ->> 'runId' OR held.start <> (r ->> 'start')::integer THEN
      PERFORM mark_alive(r);
      answer := '{"o":"fenced"}';
    ELSE
      events := events || finish_run(held, ROW(r ->> 'verdict', held.started_at + (r ->> 'durationMs')::bigint,
        r ->> 'result', r ->> 'error', (r ->> 'keepCount')::bigint, (r ->> 'keepAgeMs')::bigint)::ending, now_ms);
      SELECT * INTO job FROM jobs WHERE id = r ->> 'jobId';
      PERFORM wake_for_queued(job, now_ms);
      changed := changed || held.job_id;
      IF job.state = 'finished' AND job.finished_at IS NULL THEN last_of := last_of || job.id; END IF;
      answer := '{"o":"settled"}';
      IF r ? 'lock' THEN
        held_ids := held_ids || held.queue_job_id;
        tokens := tokens || (r ->> 'lock');
        answer := answer || jsonb_build_object('by', held.queue_job_id);
      END IF;
    END IF;
    answers := answers || jsonb_build_object(place::text, answer || jsonb_build_object('now', now_ms));
  END LOOP;
  PERFORM wake_dependents(changed, now_ms);
  PERFORM wake_groups(groups, now_ms);
  ended := end_queue_jobs(held_ids, tokens);
  PERFORM append_entry(events || tell_finished(last_of, now_ms), max_entries);
  RETURN (SELECT jsonb_agg(value - 'by' || jsonb_build_object('ended', COALESCE(value ->> 'by' = ANY (ended), false))
    ORDER BY key::bigint) FROM jsonb_each(answers));
END
$$;
