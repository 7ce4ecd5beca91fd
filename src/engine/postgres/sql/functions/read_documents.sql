/*
read_documents: those of these documents that are there.

request      JSON: keys
now_ms       epoch ms; null = the server's clock
max_entries  not used
Returns a JSON array of {key,value,revision,expiresAt?,stays?}.
*/
CREATE FUNCTION read_documents(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE sql STABLE
SET search_path FROM CURRENT AS $$
  SELECT COALESCE(jsonb_agg(written_document(d)), '[]') FROM documents AS d
  WHERE key = ANY (ARRAY(SELECT jsonb_array_elements_text(request -> 'keys')))
    AND (expires_at IS NULL OR expires_at > server_now(now_ms))
$$;
