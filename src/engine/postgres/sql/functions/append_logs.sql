/*
append_logs: appends lines to the logs of runs, each up to its bound, and drops the logs of old runs.

writes       JSON array: jobId, runId, lines (array of JSON texts), cut (JSON text of the line that ends a full log),
             maxBytes, keepRuns, keepAgeMs
now_ms       epoch ms; null = the server's clock
max_entries  not used
Returns the number of lines stored.
*/
CREATE FUNCTION append_log(w jsonb, now_ms bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  -- Logs that one new log may push out: more than arrive, so that it catches up, but bounded.
  max_gone constant integer := 100;
  size bigint;
  is_new boolean;
  entry text;
  stored integer := 0;
BEGIN
  INSERT INTO log_runs AS l (job_id, run_id, began_at, bytes)
    VALUES (w ->> 'jobId', w ->> 'runId', now_ms, 0)
    ON CONFLICT (run_id) DO UPDATE SET bytes = l.bytes
    RETURNING bytes, xmax = 0 INTO size, is_new;
  IF size < 0 THEN RETURN 0; END IF;
  FOR entry IN SELECT value FROM jsonb_array_elements_text(w -> 'lines') LOOP
    IF size + octet_length(entry) > (w ->> 'maxBytes')::bigint THEN
      INSERT INTO logs (run_id, line) VALUES (w ->> 'runId', w ->> 'cut');
      size := -1;
      EXIT;
    END IF;
    INSERT INTO logs (run_id, line) VALUES (w ->> 'runId', entry);
    size := size + octet_length(entry);
    stored := stored + 1;
  END LOOP;
  UPDATE log_runs SET bytes = size WHERE run_id = w ->> 'runId';
  IF is_new THEN
    -- By when the logs began: a past fire time that is run now has a young log.
    PERFORM drop_logs(ARRAY(
      (SELECT run_id FROM log_runs WHERE job_id = w ->> 'jobId'
        ORDER BY began_at DESC, run_id DESC OFFSET (w ->> 'keepRuns')::bigint LIMIT max_gone)
      UNION
      (SELECT run_id FROM log_runs WHERE job_id = w ->> 'jobId' AND began_at < now_ms - (w ->> 'keepAgeMs')::bigint
        LIMIT max_gone)));
  END IF;
  RETURN stored;
END
$$;

CREATE FUNCTION append_logs(writes jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  w jsonb;
  stored integer := 0;
BEGIN
  now_ms := server_now(now_ms);
  -- In the order of their ids, so that no two calls wait for each other.
  FOR w IN SELECT value FROM jsonb_array_elements(writes) ORDER BY value ->> 'runId' LOOP
    stored := stored + append_log(w, now_ms);
  END LOOP;
  RETURN to_jsonb(stored);
END
$$;

CREATE FUNCTION drop_logs(of_runs text[]) RETURNS void LANGUAGE sql AS $$
  DELETE FROM logs WHERE run_id = ANY (of_runs);
  DELETE FROM log_runs WHERE run_id = ANY (of_runs);
$$;
