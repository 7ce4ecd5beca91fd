/*
add_queue: adds a queue to the list of the fleet's queues, which the default queue keeps.

entry        JSON: name
now_ms       not used
max_entries  entries that the event log keeps, about
Returns 1 = new, 0 = known.
*/
CREATE FUNCTION add_queue(entry jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO queues (name) VALUES (entry ->> 'name') ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN RETURN '0'; END IF;
  -- An entry without events makes readers look: there is one more log to read from now on.
  PERFORM append_row('[]', max_entries);
  RETURN '1';
END
$$;
