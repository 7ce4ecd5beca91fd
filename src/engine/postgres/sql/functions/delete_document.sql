/*
delete_document: deletes a document, if its revision is the one that is expected.

document     JSON: key, expected?
now_ms       epoch ms; null = the server's clock
max_entries  not used
Returns JSON:
  {"o":"deleted"}
  {"o":"missing"}
  {"o":"conflict","document":{key,value,revision,expiresAt?,stays?}}   it has another revision; nothing was changed
*/
CREATE FUNCTION delete_document(document jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
  present documents;
BEGIN
  now_ms := server_now(now_ms);
  DELETE FROM documents WHERE key = document ->> 'key' AND (expires_at IS NULL OR expires_at > now_ms)
    AND revision = COALESCE((document ->> 'expected')::bigint, revision);
  IF FOUND THEN RETURN '{"o":"deleted"}'; END IF;
  present := find_document(document ->> 'key', now_ms);
  IF present.key IS NULL THEN RETURN '{"o":"missing"}'; END IF;
  RETURN jsonb_build_object('o', 'conflict', 'document', written_document(present));
END
$$;
