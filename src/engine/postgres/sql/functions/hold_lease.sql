/*
hold_lease: takes a lease that nobody has, or renews one's own, by the server's own clock even where a test injects one.

lease        JSON: name, owner, ttl (ms; 0 = release it)
now_ms       not used
max_entries  not used
Returns 1 = held (or released), 0 = another owner has it.
*/
CREATE FUNCTION hold_lease(lease jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  holder text;
BEGIN
  INSERT INTO leases AS l (name, owner, ends_at)
  VALUES (lease ->> 'name', lease ->> 'owner', server_now(NULL) + (lease ->> 'ttl')::bigint)
  ON CONFLICT (name) DO UPDATE SET owner = EXCLUDED.owner, ends_at = server_now(NULL) + (lease ->> 'ttl')::bigint
    WHERE l.owner = EXCLUDED.owner OR l.ends_at <= server_now(NULL)
  RETURNING owner INTO holder;
  RETURN CASE WHEN holder IS NULL THEN '0' ELSE '1' END;
END
$$;
