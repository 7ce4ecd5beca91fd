-- Marks: what a row of the ledger counts as in roll-ups; `src/jobs/marks.ts` says it too.

CREATE FUNCTION bucket_of(ms bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT substr('0123456789abcdef', 1 + width_bucket(ms - 1, ARRAY[10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000,
    60000, 300000, 1800000, 10800000]::bigint[]), 1)
$$;

CREATE FUNCTION code_of(row_kind text, verdict text, reason text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE row_kind
    WHEN 'manual' THEN CASE verdict WHEN 'succeeded' THEN 'S' WHEN 'failed' THEN 'F' WHEN 'cancelled' THEN 'C'
      WHEN 'missed' THEN 'M' WHEN 'coalesced' THEN 'O' WHEN 'skipped' THEN 'K' END
    WHEN 'backfill' THEN CASE verdict WHEN 'succeeded' THEN '1' WHEN 'failed' THEN '2' WHEN 'cancelled' THEN '3'
      WHEN 'missed' THEN '4' WHEN 'coalesced' THEN '5' WHEN 'skipped' THEN '6' END
    ELSE CASE verdict WHEN 'succeeded' THEN 's' WHEN 'failed' THEN 'f' WHEN 'cancelled' THEN 'c' WHEN 'missed' THEN 'm'
      WHEN 'coalesced' THEN 'o' WHEN 'skipped' THEN
      CASE reason WHEN 'max-instances' THEN 'i' WHEN 'condition' THEN 'n' WHEN 'paused' THEN 'p' WHEN 'removed' THEN 'd'
        WHEN 'rescheduled' THEN 'e' WHEN 'overlap-replaced' THEN 'l' WHEN 'requested' THEN 'q' END END END
$$;
