// BullMQ takes a worker's clock for its locks; ours end by the server's.
import { randomUUID } from "node:crypto";
import { type PostgresQueueBackend, Queue } from "bullmq";
import { afterAll, afterEach, beforeAll, expect, inject, test, vi } from "vitest";
import type { Database } from "../../src/engine/postgres/database.ts";
import { queueBackend } from "../../src/engine/postgres/queue-backend.ts";
import { quote, schemasOf } from "../../src/engine/postgres/schema-name.ts";
import { connectServer } from "../../src/engine/postgres/server-database.ts";
import { TestEngine } from "../contract/test-engine.ts";

const HOUR_MS = 3_600_000;
const LOCK_MS = 60_000;
/** Wide: the machine may be busy. */
const SLACK_MS = 30_000;

const prefix = `clock-${randomUUID().slice(0, 8)}`;
const schema = schemasOf(prefix).queue;
const bench = new TestEngine(inject("postgresUrl"), prefix);
const trueNow = Date.now;
let database: Database;
let backend: PostgresQueueBackend;
let queue: Queue;

beforeAll(async () => {
  await bench.engine.open();
  database = await connectServer({
    url: inject("postgresUrl"),
    schema: schema,
    timeoutMs: 20_000,
    onError: () => undefined,
  });
  const factory = queueBackend(database.pool, schema);
  const options = { connection: {}, lockDuration: LOCK_MS, stalledInterval: 0 };
  backend = factory("clock", options) as PostgresQueueBackend;
  queue = new Queue("clock", { connection: {} }, factory) as unknown as Queue;
});

afterEach(() => vi.restoreAllMocks());

afterAll(async () => {
  await queue.close();
  await backend.close();
  await database.close();
  await bench.engine.close();
});

/** This process's clock is wrong from here on. */
function shiftClock(ms: number): void {
  vi.spyOn(Date, "now").mockImplementation(() => trueNow() + ms);
}

/** How long the lock of a queue job still holds. */
async function lockedForMs(id: string): Promise<number> {
  const { rows } = await database.pool.query<{ until: string }>(
    `SELECT locked_until_ms AS until FROM ${quote(schema)}.job WHERE id = $1 AND state = 'active'`,
    [id],
  );
  return Number(rows[0]?.until) - trueNow();
}

function expectLock(ms: number): void {
  expect(ms).toBeLessThanOrEqual(LOCK_MS);
  expect(ms).toBeGreaterThan(LOCK_MS - SLACK_MS);
}

for (const [which, shiftMs] of [
  ["an hour ahead", HOUR_MS],
  ["an hour behind", -HOUR_MS],
] as const) {
  test(`a worker whose clock is ${which} keeps its locks for as long as others do`, async () => {
    const id = `held:${shiftMs}:x`;
    await queue.add("job", 0, { jobId: id });
    await backend.moveToActive("token", "worker");
    shiftClock(shiftMs);
    expect(await backend.extendLocks([id], ["token"], LOCK_MS)).toEqual([]);
    expectLock(await lockedForMs(id));
  });
}

test("a worker whose clock is ahead takes no runs from others, nor keeps them from looking", async () => {
  const id = "held:1:x";
  await queue.add("job", 0, { jobId: id });
  await backend.moveToActive("token", "worker");
  shiftClock(HOUR_MS);
  for (let look = 0; look < 3; look += 1) expect(await backend.moveStalledJobsToWait()).toEqual([]);
  expectLock(await lockedForMs(id));
  vi.restoreAllMocks();
  await database.pool.query(`UPDATE ${quote(schema)}.job SET locked_until_ms = 1 WHERE id = $1`, [
    id,
  ]);
  expect(await backend.moveStalledJobsToWait()).toEqual([id]);
});
