/*
list_documents: a page of the documents whose keys have a prefix, in the order of their keys.

request      JSON: start (what the keys begin with), cursor (the last key of the page before)?, limit (how many keys to look at)
now_ms       epoch ms; null = the server's clock
max_entries  not used
Returns JSON:
  {"cursor":key?,"documents":[{key,value,revision,expiresAt?,stays?}]}   no cursor: it is the end
*/
CREATE FUNCTION list_documents(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql STABLE
SET search_path FROM CURRENT AS $$
DECLARE
  start text := request ->> 'start';
  -- No key with this prefix comes behind it.
  last text := start || repeat(chr(1114111), 256);
  most bigint := (request ->> 'limit')::bigint;
  page documents[];
BEGIN
  now_ms := server_now(now_ms);
  IF request ? 'cursor' THEN
    page := ARRAY(SELECT d FROM documents AS d WHERE key > request ->> 'cursor' AND key <= last ORDER BY key LIMIT most);
  ELSE
    page := ARRAY(SELECT d FROM documents AS d WHERE key >= start AND key <= last ORDER BY key LIMIT most);
  END IF;
  RETURN jsonb_strip_nulls(jsonb_build_object(
    'cursor', CASE WHEN cardinality(page) = most THEN page[most].key END,
    'documents', (SELECT COALESCE(jsonb_agg(written_document(d) ORDER BY d.key), '[]') FROM unnest(page) AS d
      WHERE d.expires_at IS NULL OR d.expires_at > now_ms)));
END
$$;
