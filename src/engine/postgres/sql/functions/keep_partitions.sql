/*
keep_partitions: makes the ledger's next partitions, and drops the oldest one if nobody keeps anything in it. It waits for no
lock: whoever needs the ledger meanwhile comes first, and a later call does it.

request      not used
now_ms       epoch ms; null = the server's clock
max_entries  not used
Returns the number of partitions that were made or dropped.
*/

-- The role that migrated owns the tables; others call this.
CREATE FUNCTION keep_partitions(request jsonb, now_ms bigint, max_entries bigint) RETURNS jsonb LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  -- As in 0007_ledger.sql.
  width constant bigint := 2592000000;
  -- Rows that are moved at most from the default partition.
  max_moved constant bigint := 20000;
  real_now constant bigint := server_now(now_ms);
  changes integer := 0;
  start bigint;
  partition_name text;
  ends_at bigint;
  kept_from bigint;
  is_used boolean;
BEGIN
  -- Two callers would make the same table.
  IF NOT pg_try_advisory_xact_lock(hashtext('cronduit partitions'), hashtext(current_schema())) THEN
    RETURN to_jsonb(0);
  END IF;
  PERFORM set_config('lock_timeout', '200ms', true);
  FOR start IN SELECT n * width FROM generate_series(real_now / width, real_now / width + 1) AS n LOOP
    partition_name := 'ledger_' || to_char(to_timestamp(start / 1000) AT TIME ZONE 'UTC', 'YYYYMMDD');
    CONTINUE WHEN to_regclass(quote_ident(partition_name)) IS NOT NULL;
    CONTINUE WHEN (SELECT count(*) FROM (SELECT 1 FROM ledger_default
      WHERE at >= start AND at < start + width LIMIT max_moved + 1) AS stray) > max_moved;
    -- To attach a table locks the others for less than to make one as a partition.
    EXECUTE format('CREATE TABLE %I (LIKE ledger INCLUDING ALL)', partition_name);
    LOCK TABLE ledger_default IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('WITH moved AS (DELETE FROM ledger_default WHERE at >= %s AND at < %s RETURNING *)
      INSERT INTO %I SELECT * FROM moved', start, start + width, partition_name);
    EXECUTE format('ALTER TABLE ledger ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
      partition_name, start, start + width);
    changes := changes + 1;
  END LOOP;

  SELECT c.relname, (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''?(\d+)''?\)'))[1]::bigint AS ends
  INTO partition_name, ends_at
  FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'ledger'::regclass AND c.relname <> 'ledger_default' ORDER BY ends LIMIT 1;
  SELECT real_now - max(keep_age_ms) INTO kept_from FROM jobs;
  IF ends_at > COALESCE(kept_from, real_now) OR ends_at > real_now - width THEN RETURN to_jsonb(changes); END IF;
  -- Ledgers of removed jobs are kept for longer than their rows' age.
  EXECUTE format('SELECT EXISTS (SELECT 1 FROM ledgers AS l WHERE expires_at > %s
    AND EXISTS (SELECT 1 FROM %I AS old WHERE old.job_id = l.job_id))', real_now, partition_name) INTO is_used;
  IF is_used THEN RETURN to_jsonb(changes); END IF;
  EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', partition_name);
  EXECUTE format('UPDATE ledgers AS l SET row_count = row_count - gone.n
    FROM (SELECT job_id, count(*) AS n FROM %I GROUP BY job_id) AS gone WHERE gone.job_id = l.job_id', partition_name);
  EXECUTE format('DROP TABLE %I', partition_name);
  RETURN to_jsonb(changes + 1);
EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
  RETURN to_jsonb(0);
END
$$;
