/*
append_events: appends events of what happened outside of these functions.

events       JSON array of events; `result` and `error` as JSON text
now_ms       not used
max_entries  entries that the event log keeps, about
Returns null.
*/
CREATE FUNCTION append_events(events jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM append_entry(ARRAY(SELECT value FROM jsonb_array_elements(events)), max_entries);
  RETURN NULL;
END
$$;
