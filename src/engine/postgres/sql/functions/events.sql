/*
Appends the events of a call as one row: one append, however many runs share the call.

A reader continues from the last id that it saw, so no id may become visible after a higher one. A sequence can't promise
that: ids are drawn in one order and committed in another. So the id comes from a row that stays locked until commit. That
puts the commits of calls with events in a line, which NOTIFY does anyway (it takes a lock on the whole database from before
the commit until after it). Comparing with the oldest running transaction (pg_snapshot_xmin) would not put them in a line, but
any long transaction of the application beside us would hold back every event until its end. Locking the row is the last act
of a call, and nothing is waited for while it is held.
*/
CREATE FUNCTION append_entry(events jsonb[], max_entries bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(events) > 0 THEN PERFORM append_row(to_jsonb(events)::text, max_entries); END IF;
END
$$;

CREATE FUNCTION append_row(entry text, max_entries bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  entry_id bigint;
BEGIN
  UPDATE event_log SET last_id = last_id + 1 RETURNING last_id INTO entry_id;
  INSERT INTO events (id, entry) VALUES (entry_id, append_row.entry);
  -- In batches, so that not every append deletes.
  IF entry_id % GREATEST(1, max_entries / 100) = 0 AND entry_id > max_entries THEN
    DELETE FROM events WHERE id <= entry_id - max_entries;
    UPDATE event_log SET trimmed_to = GREATEST(trimmed_to, entry_id - max_entries);
  END IF;
  PERFORM pg_notify('cronduit_events', current_schema());
END
$$;
