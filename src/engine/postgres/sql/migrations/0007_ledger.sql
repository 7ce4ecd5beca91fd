-- The ledger by time of decision: partitions that are dropped whole once nobody keeps anything in them. A partition takes 30
-- days, which the default retention keeps: with more of them, each decision and each page of a job would look into more.

-- Rows of earlier fire times were deleted on request; null: none were.
ALTER TABLE ledgers ADD cleaned_to bigint;

DROP VIEW runs;
ALTER TABLE ledger RENAME TO former_ledger;
CREATE SEQUENCE ledger_ids;

-- `at`: when it was decided, for a run when it ended. Identity columns of partitioned tables need PostgreSQL 17.
CREATE TABLE ledger (
  LIKE former_ledger INCLUDING DEFAULTS,
  at bigint NOT NULL,
  PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);

ALTER TABLE ledger ALTER id SET DEFAULT nextval('ledger_ids');
ALTER SEQUENCE ledger_ids OWNED BY ledger.id;

DO $$
DECLARE
  width constant bigint := 2592000000;
  now_ms constant bigint := floor(extract(epoch FROM clock_timestamp()) * 1000);
  oldest bigint;
  start bigint;
BEGIN
  -- Older rows share the default partition, in which a row never fails to find its place.
  SELECT GREATEST(COALESCE(min(COALESCE(finished_at, decided_at, fire_at)), now_ms), now_ms - 24 * width)
  INTO oldest FROM former_ledger;
  FOR start IN SELECT n * width FROM generate_series(LEAST(oldest, now_ms) / width, now_ms / width + 1) AS n LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF ledger FOR VALUES FROM (%s) TO (%s)',
      'ledger_' || to_char(to_timestamp(start / 1000) AT TIME ZONE 'UTC', 'YYYYMMDD'), start, start + width);
  END LOOP;
  CREATE TABLE ledger_default PARTITION OF ledger DEFAULT;
END
$$;

INSERT INTO ledger SELECT former_ledger.*, COALESCE(finished_at, decided_at, fire_at) FROM former_ledger;
SELECT setval('ledger_ids', GREATEST(1, (SELECT max(id) FROM ledger)));
DROP TABLE former_ledger CASCADE;

CREATE INDEX ledger_of_job ON ledger (job_id, fire_at, id);
-- Of most runs there is nothing to tell but that they succeeded: they are in none of these.
CREATE INDEX ledger_of_verdict ON ledger (verdict, at, id) WHERE verdict <> 'succeeded';
CREATE INDEX ledger_of_reason ON ledger (reason, at, id) WHERE reason IS NOT NULL;
CREATE INDEX ledger_of_kind ON ledger (kind, at, id) WHERE kind <> 'scheduled';
CREATE INDEX ledger_of_owner ON ledger (owner, at, id) WHERE owner IS NOT NULL;

-- The ledger as people read it: docs/postgres.md.
CREATE VIEW runs AS
SELECT run_id, job_id, verdict, reason, kind,
  to_timestamp(fire_at / 1000.0) AS fire_time,
  to_timestamp(due_at / 1000.0) AS due_time,
  to_timestamp(COALESCE(from_at, fire_at) / 1000.0) AS first_fire_time,
  COALESCE(count, 1) AS occurrences,
  to_timestamp(decided_at / 1000.0) AS decided_time,
  to_timestamp(started_at / 1000.0) AS started_time,
  to_timestamp(finished_at / 1000.0) AS finished_time,
  GREATEST(0, COALESCE(started_at, decided_at) - due_at) AS lateness_ms,
  finished_at - started_at AS duration_ms,
  attempt, worker, coalesced_into, facts, result, error, owner
FROM ledger;
