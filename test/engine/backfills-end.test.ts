// The account of a backfill is kept as long as its job's retention says, by the server's own clock, and then leaves nothing.
import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import pg from "pg";
import { expect, inject, onTestFinished, test } from "vitest";
import { schemasOf } from "../../src/engine/postgres/schema-name.ts";
import { TestEngine } from "../contract/test-engine.ts";

/** What the server still stores of a fleet's backfills. */
type Left = (prefix: string) => Promise<unknown[]>;

async function leftOnRedis(prefix: string): Promise<unknown[]> {
  const client = new Redis(inject("redisUrl"));
  const keys = await client.keys(`{${prefix}:*backfill*`);
  client.disconnect();
  return keys;
}

async function leftOnPostgres(prefix: string): Promise<unknown[]> {
  const client = new pg.Client(inject("postgresUrl"));
  await client.connect();
  const { own } = schemasOf(prefix);
  const { rows } = await client.query<{ job_id: string }>(
    `SELECT job_id FROM "${own}".backfills UNION ALL SELECT job_id FROM "${own}".backfill_times`,
  );
  await client.end();
  return rows;
}

test.each<[string, () => string, Left]>([
  ["redis", () => inject("redisUrl"), leftOnRedis],
  ["postgres", () => inject("postgresUrl"), leftOnPostgres],
])("on %s", { timeout: 120_000 }, async (_, connection, left) => {
  const prefix = `ends-${randomUUID()}`;
  const bench = new TestEngine(connection(), prefix);
  await bench.engine.open();
  onTestFinished(() => bench.engine.close());
  const { backfills, healing, jobs } = bench.engine;
  const add = (jobId: string) =>
    backfills.add({
      jobId,
      backfillId: "one",
      fireTimes: [1_000, 2_000],
      concurrency: 1,
      order: "oldest",
      isComplete: true,
    });
  const short = await bench.addJob({ retention: { ageMs: 50 } });
  const removed = await bench.addJob({ retention: { ageMs: 50 } });
  const kept = await bench.addJob();
  for (const { id } of [short, removed, kept]) expect(await add(id)).toBe("added");
  expect(await left(prefix)).not.toEqual([]);
  for (const { id } of [short, kept]) await backfills.change(id, "cancel");
  await jobs.remove({ jobId: removed.id, expectedWatermark: undefined, skipped: [] });
  for (const { id } of [short, removed])
    await expect.poll(() => backfills.read(id), { timeout: 30_000 }).toBeUndefined();
  expect(await backfills.read(kept.id)).toMatchObject({ state: "cancelled", total: 2 });
  // The reconciler's look sweeps what has ended.
  await healing.audit({
    horizonMs: 0,
    offset: 0,
    limit: 10,
    overdueMs: 1_000,
    finishedRetentionMs: 1_000,
  });
  const names = JSON.stringify(await left(prefix));
  expect(names).toContain(kept.id);
  expect(names).not.toContain(short.id);
  expect(names).not.toContain(removed.id);
});
