// The ledger on PostgreSQL is partitioned by the time of the decision.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import pg from "pg";
import { at, TestEngine } from "../contract/test-engine.ts";

const prefix = `partitions-${process.pid}`;
const DAY_MS = 86_400_000;
const WIDTH_MS = 30 * DAY_MS;

let bench: TestEngine;
let client: pg.Client;
beforeAll(async () => {
  bench = new TestEngine(inject("postgresUrl"), prefix);
  await bench.engine.open();
  client = new pg.Client({ connectionString: inject("postgresUrl") });
  await client.connect();
  await client.query(`SET search_path TO "${prefix.replaceAll("-", "$h")}"`);
});
afterAll(async () => {
  await bench.engine.close();
  await client.end();
});

async function ask<R extends pg.QueryResultRow>(sql: string): Promise<R[]> {
  return (await client.query<R>(sql)).rows;
}

async function partitions(): Promise<string[]> {
  const rows = await ask<{ name: string }>(
    "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'ledger'::regclass ORDER BY 1",
  );
  return rows.map(({ name }) => name);
}

async function keep(): Promise<number> {
  const [row] = await ask<{ changes: number }>(
    `SELECT (keep_partitions('{}', ${bench.now}, 0))::integer AS changes`,
  );
  return row?.changes ?? -1;
}

const nameOf = (start: number): string =>
  `ledger_${new Date(start).toISOString().slice(0, 10).replaceAll("-", "")}`;
const periodOf = (now: number): number => Math.floor(now / WIDTH_MS) * WIDTH_MS;

async function miss(id: string, count: number): Promise<void> {
  const [job] = await bench.engine.jobs.get([id]);
  if (!job) throw new Error("the job is gone");
  for (let i = 0; i < count; i += 1) {
    bench.now += 1_000;
    await bench.admit({ id, generation: job.generation }, [at(bench.now - 1)]);
  }
}

test("a new schema has partitions for now and for the next period, and one for all else", async () => {
  const now = periodOf(Date.now());
  expect(await partitions()).toEqual(
    [nameOf(now), nameOf(now + WIDTH_MS), "ledger_default"].toSorted(),
  );
});

test("rows of a time without a partition move into it when it is made", async () => {
  const retention = { ageMs: 1_000 * DAY_MS };
  const job = await bench.addJob({ policy: { misfireGraceMs: 0 }, retention });
  await miss(job.id, 3);
  expect(await ask("SELECT job_id FROM ledger_default")).toHaveLength(3);
  expect(await keep()).toBe(2);
  expect(await ask("SELECT job_id FROM ledger_default")).toEqual([]);
  expect(await ask(`SELECT job_id FROM ${nameOf(periodOf(bench.now))}`)).toHaveLength(3);
  expect(await bench.ledger(job)).toHaveLength(3);
  expect(await keep()).toBe(0);
});

test("a partition goes whole once no job keeps anything of its time, and the jobs' rows are counted", async () => {
  const policy = { misfireGraceMs: 0 };
  const retention = { count: 5, ageMs: 10 * DAY_MS };
  const job = await bench.addJob({ id: `short-${randomUUID()}`, policy, retention });
  const first = nameOf(periodOf(bench.now));
  await miss(job.id, 4);
  await keep();
  expect(await partitions()).toContain(first);
  // Another job keeps its rows for longer than its time is over.
  bench.now += 2.5 * WIDTH_MS;
  await keep();
  expect(await partitions()).toContain(first);
  await client.query(`UPDATE jobs SET keep_age_ms = ${10 * DAY_MS}`);
  expect(await keep()).toBe(1);
  expect(await partitions()).not.toContain(first);
  expect(await bench.ledger(job)).toEqual([]);
  await miss(job.id, 5);
  expect(await bench.ledger(job)).toHaveLength(5);
  await miss(job.id, 1);
  expect(await bench.ledger(job)).toHaveLength(5);
});

test("a partition with the ledger of a removed job stays as long as that", async () => {
  const job = await bench.addJob({ policy: { misfireGraceMs: 0 } });
  await miss(job.id, 1);
  const own = nameOf(periodOf(bench.now));
  await keep();
  await client.query("UPDATE jobs SET keep_age_ms = 1000");
  await client.query(
    `DELETE FROM jobs WHERE id = '${job.id}'; UPDATE ledgers SET expires_at = ${bench.now + 10 * WIDTH_MS} WHERE job_id = '${job.id}'`,
  );
  bench.now += 3 * WIDTH_MS;
  for (let i = 0; i < 5; i += 1) await keep();
  expect(await partitions()).toContain(own);
  bench.now += 8 * WIDTH_MS;
  for (let i = 0; i < 5; i += 1) await keep();
  expect(await partitions()).not.toContain(own);
});
