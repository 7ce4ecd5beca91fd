/*
Shared by the functions of this folder. They are installed in this order: the libraries that functions.ts names, then each
function in a file of its own. Helpers return the events that they cause; the function appends all of its events at its end.
Helpers find their tables by the search_path of the function that called them.
*/

-- Epoch ms of the server's clock, or of the clock that a test injected.
CREATE FUNCTION server_now(injected bigint) RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT COALESCE(injected, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)
$$;

-- The owner's field of an event; nothing without an owner.
CREATE FUNCTION owner_field(owner text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN owner IS NULL THEN '{}' ELSE jsonb_build_object('owner', owner) END
$$;

-- BullMQ takes ids with exactly two colons.
CREATE FUNCTION queue_job_id_of(job_id text, mark text, sequence_number bigint, fire_at bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT replace(replace(job_id, '%', '%25'), ':', '%3A') || ':' || mark || sequence_number || ':' || fire_at
$$;
