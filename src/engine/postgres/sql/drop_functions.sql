-- Drops all functions and types, since another version may have left some with other arguments.
DO $$
DECLARE
  old text;
BEGIN
  FOR old IN SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = quote_ident(current_schema())::regnamespace LOOP
    EXECUTE format('DROP FUNCTION %s', old);
  END LOOP;
  FOR old IN SELECT t.oid::regtype::text FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid
    WHERE t.typnamespace = quote_ident(current_schema())::regnamespace AND c.relkind = 'c' LOOP
    EXECUTE format('DROP TYPE %s', old);
  END LOOP;
END
$$;
