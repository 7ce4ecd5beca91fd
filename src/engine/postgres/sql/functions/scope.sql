-- Scopes: the owners whose jobs a request may be about, or a condition sees, as a JSON array. What is out of the scope is as what
-- does not exist.
-- Null: everything is in it.

CREATE FUNCTION is_in_scope(scope jsonb, owner text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT scope IS NULL OR COALESCE(scope ? owner, false)
$$;
