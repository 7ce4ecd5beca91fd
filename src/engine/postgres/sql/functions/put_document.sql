/*
put_document: stores a document if its revision is the one that is expected.

document     JSON: key, value (JSON text), expected (0: it is to be absent), expiresAt (epoch ms)?, stays (true)?, token
now_ms       epoch ms; null = the server's clock
max_entries  not used
Returns JSON:
  {"o":"stored","revision":n}
  {"o":"conflict","document":{key,value,revision,expiresAt?,stays?}?}   nothing was changed
*/
CREATE FUNCTION put_document(document jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  wanted bigint := (document ->> 'expected')::bigint;
  stored bigint;
  present documents;
BEGIN
  now_ms := server_now(now_ms);
  IF wanted = 0 THEN
    INSERT INTO documents AS d (key, value, revision, expires_at, stays, token)
    VALUES (document ->> 'key', document ->> 'value', nextval('document_revisions'), (document ->> 'expiresAt')::bigint,
      document ? 'stays', document ->> 'token')
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision, expires_at = excluded.expires_at,
      stays = excluded.stays, token = excluded.token
      WHERE d.expires_at <= now_ms
    RETURNING d.revision INTO stored;
  ELSE
    UPDATE documents AS d SET value = document ->> 'value', revision = nextval('document_revisions'),
      expires_at = (document ->> 'expiresAt')::bigint, stays = document ? 'stays', token = document ->> 'token'
    WHERE d.key = document ->> 'key' AND d.revision = wanted AND (d.expires_at IS NULL OR d.expires_at > now_ms)
    RETURNING d.revision INTO stored;
  END IF;
  IF stored IS NOT NULL THEN RETURN jsonb_build_object('o', 'stored', 'revision', stored); END IF;
  present := find_document(document ->> 'key', now_ms);
  IF present.key IS NULL THEN RETURN '{"o":"conflict"}'; END IF;
  -- It was sent again because its answer was lost.
  IF present.token = document ->> 'token' THEN
    RETURN jsonb_build_object('o', 'stored', 'revision', present.revision);
  END IF;
  RETURN jsonb_build_object('o', 'conflict', 'document', written_document(present));
END
$$;
