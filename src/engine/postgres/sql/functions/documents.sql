/*
Documents. Nothing else is locked with them, and only one row at a time.
*/

-- A document that has not expired, or null.
CREATE FUNCTION find_document(wanted text, now_ms bigint) RETURNS documents LANGUAGE sql STABLE AS $$
  SELECT * FROM documents WHERE key = wanted AND (expires_at IS NULL OR expires_at > now_ms)
$$;

CREATE FUNCTION written_document(d documents) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object('key', d.key, 'value', d.value, 'revision', d.revision,
    'expiresAt', d.expires_at, 'stays', CASE WHEN d.stays THEN true END))
$$;

-- Deletes documents that have expired, a few thousand a call. Passes over those that somebody else is changing.
CREATE FUNCTION drop_expired_documents(now_ms bigint) RETURNS void LANGUAGE sql AS $$
  DELETE FROM documents WHERE key IN (
    SELECT key FROM documents WHERE expires_at <= now_ms LIMIT 5000 FOR UPDATE SKIP LOCKED)
$$;
