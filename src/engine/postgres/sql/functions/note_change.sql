/*
note_change: notes a change that no step makes alone.

change       JSON: by, what, jobId?, jobIds?, owner?, runId?, reason?, differences?, bulk?, count?
now_ms       epoch ms; null = the server's clock
max_entries  not used
Returns null.
*/
CREATE FUNCTION note_change(change jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM keep_change(change || owner_field((SELECT owner FROM jobs WHERE id = change ->> 'jobId')) || change, NULL,
    server_now(now_ms));
  RETURN NULL;
END
$$;
