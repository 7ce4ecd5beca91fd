// The same as taking.test.ts on PostgreSQL: rows that we took, ended or put back are as BullMQ's own functions leave them.
import { randomUUID } from "node:crypto";
import { type IQueueBackend, type Job, type PgPool, Queue, Worker } from "bullmq";
import { describe, expect, inject, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import type { Database } from "../../src/engine/postgres/database.ts";
import { FunctionCaller } from "../../src/engine/postgres/functions.ts";
import { PostgresBatches } from "../../src/engine/postgres/postgres-batches.ts";
import { queueBackend } from "../../src/engine/postgres/queue-backend.ts";
import { quote, type Schemas, schemasOf } from "../../src/engine/postgres/schema-name.ts";
import { connectServer } from "../../src/engine/postgres/server-database.ts";
import type { TakenJobs } from "../../src/engine/bullmq/queue-batches.ts";
import type { RateLimit } from "../../src/engine/port/queue-job.ts";
import { TestEngine } from "../contract/test-engine.ts";
import { LATER_MS, LOCK_MS, takingCases, type TakingPlace, wait } from "./taking-cases.ts";

const inOrder = (a: string, b: string): number => (a < b ? -1 : 1);

/** A queue in its own schemas. */
class PostgresPlace implements TakingPlace {
  readonly bench: TestEngine;
  readonly #database: Database;
  readonly #schemas: Schemas;
  /** BullMQ's. */
  readonly schema: string;
  readonly table: string;
  readonly batches: PostgresBatches;
  readonly queue: Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend>;
  /** BullMQ's own, which takes by hand. */
  readonly worker: Worker<unknown, unknown, string, IQueueBackend>;
  #turn = 0;

  private constructor(bench: TestEngine, database: Database, schemas: Schemas) {
    this.bench = bench;
    this.#database = database;
    this.#schemas = schemas;
    this.schema = quote(schemas.queue);
    this.table = `${this.schema}.job`;
    this.batches = this.connect();
    const backend = queueBackend(database.pool, schemas.queue);
    this.queue = new Queue("runs", { connection: {} }, backend);
    const options = { connection: {}, autorun: false, lockDuration: LOCK_MS };
    this.worker = new Worker("runs", null, options, backend);
  }

  static async open(): Promise<PostgresPlace> {
    const prefix = `taking-${randomUUID().slice(0, 8)}`;
    const bench = new TestEngine(inject("postgresUrl"), prefix);
    await bench.engine.open();
    const schemas = schemasOf(prefix);
    const database = await connectServer({
      url: inject("postgresUrl"),
      schema: schemas.queue,
      timeoutMs: 20_000,
      onError: console.error,
    });
    const place = new PostgresPlace(bench, database, schemas);
    const options = { attempts: 0, removeOnComplete: true, removeOnFail: true };
    await place.queue.add("Noop", 0, { ...options, jobId: "one:1:1" });
    await place.queue.add("Noop", 0, { ...options, jobId: "two:1:2", delay: 1 });
    await place.queue.add("Noop", 0, { ...options, jobId: "three:1:3", priority: 7 });
    await wait(10);
    return place;
  }

  get pool(): PgPool {
    return this.#database.pool;
  }

  /** Batches as another process would have them. */
  connect(): PostgresBatches {
    const calls = new FunctionCaller(this.#database, this.#schemas, () => ({
      nowMs: undefined,
      maxEntries: 100,
    }));
    return new PostgresBatches(calls, systemClock);
  }

  /** Takes by turns of the same taker, so their locks have the token `taker:<turn>`. */
  take(count: number, limit?: RateLimit): Promise<TakenJobs> {
    return this.takeAs((this.#turn += 1), this.batches, count, limit);
  }

  takeAs(turn: number, batches: PostgresBatches, count: number, limit?: RateLimit) {
    return batches.take({ taker: "taker", turn, lockMs: LOCK_MS, count, owner: undefined, limit });
  }

  async takeLimitedByBullMq(token: string, limit: RateLimit): Promise<Job | undefined> {
    const backend = queueBackend(this.#database.pool, this.#schemas.queue);
    const limiter = { max: limit.max, duration: limit.perMs };
    const options = { connection: {}, autorun: false, limiter };
    const worker = new Worker("runs", null, options, backend);
    const job = await worker.getNextJob(token, { block: false });
    await worker.close(true);
    return job;
  }

  async takeByBullMq(token: string): Promise<Job> {
    const job = await this.worker.getNextJob(token, { block: false });
    if (!job) throw new Error("there is none");
    return job;
  }

  /** The rows, with times that only have to be about now left out. */
  async kept(): Promise<unknown[]> {
    const { rows } = await this.pool.query<Record<string, unknown>>(
      `SELECT * FROM ${this.table} ORDER BY id`,
    );
    return rows.map(
      ({ seq, added_at_ms, processed_at_ms, process_at_ms, locked_until_ms, ...row }) =>
        Object.assign(row, {
          isAdded: seq !== null && added_at_ms !== null,
          wasTaken: processed_at_ms !== null,
          hasTime: process_at_ms !== null,
          lockLeft: locked_until_ms && Math.ceil((Number(locked_until_ms) - Date.now()) / LOCK_MS),
        }),
    );
  }

  evenDelays(): Promise<unknown> {
    return this.pool.query(`UPDATE ${this.table} SET delay_ms = 0`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker.close(true);
    await this.queue.close();
    await this.bench.engine.close();
    await this.#database.close();
  }
}

describe("what we leave is what BullMQ leaves", () => {
  takingCases(() => PostgresPlace.open());

  test("rows that were taken are active and locked, and those that ended are gone", async () => {
    await using place = await PostgresPlace.open();
    const { lock } = await place.take(3);
    expect(await place.kept()).toMatchObject([
      { state: "active", lock_token: "taker:1" },
      {},
      { lockLeft: 1 },
    ]);
    await place.batches.end(["one:1:1", "three:1:3"].map((id) => ({ id, lock })));
    expect(await place.kept()).toMatchObject([{ id: "two:1:2" }]);
  });

  test("BullMQ's check for stalled queue jobs finds those that we took", async () => {
    await using place = await PostgresPlace.open();
    await place.take(3);
    await place.pool.query(`UPDATE ${place.table} SET locked_until_ms = 1 WHERE id = 'one:1:1'`);
    const { backend } = place.worker as unknown as {
      backend: { moveStalledJobsToWait(): Promise<string[]> };
    };
    await backend.moveStalledJobsToWait();
    await wait(10);
    await place.pool.query(`UPDATE ${place.table} SET locked_until_ms = 1 WHERE id = 'one:1:1'`);
    await place.pool.query(
      `UPDATE ${place.schema}.meta SET value = '0' WHERE field LIKE 'stalled%'`,
    );
    await backend.moveStalledJobsToWait();
    const { jobs } = await place.take(3);
    expect(jobs).toEqual([{ id: "one:1:1", pipeline: "Noop", takes: 2 }]);
  });
});

test("whether there is more is told, and when the next becomes due", async () => {
  await using place = await PostgresPlace.open();
  expect(await place.take(1)).toMatchObject({ isMore: true });
  await place.queue.add("Noop", 0, { jobId: "later:1:4", delay: LATER_MS });
  const { jobs, untilNextMs, isMore } = await place.take(3);
  expect(jobs).toHaveLength(2);
  expect(isMore).toBe(false);
  expect(untilNextMs).toBeGreaterThan(LATER_MS / 2);
  expect(untilNextMs).toBeLessThanOrEqual(LATER_MS);
  await place.pool.query(`DELETE FROM ${place.table}`);
  expect(await place.take(3)).toMatchObject({ jobs: [], untilNextMs: 0, isMore: false });
});

test("those that wait are taken though others become due all the time", async () => {
  await using place = await PostgresPlace.open();
  const delay = { delay: 1 };
  for (let i = 0; i < 9; i += 1) await place.queue.add("Noop", 0, { ...delay, jobId: `d:1:${i}` });
  await wait(10);
  const taken = [];
  for (let i = 0; i < 3; i += 1) taken.push(...(await place.take(4)).jobs.map(({ id }) => id));
  expect(taken.slice(0, 4)).toContain("one:1:1");
  expect(new Set(taken).size).toBe(12);
});

test("two that take at once take different ones", async () => {
  await using place = await PostgresPlace.open();
  for (let i = 0; i < 60; i += 1) await place.queue.add("Noop", 0, { jobId: `n:1:${i}` });
  const takes = await Promise.all(
    Array.from({ length: 10 }, (_, i) => place.takeAs(100 + i, place.connect(), 6)),
  );
  const ids = takes.flatMap(({ jobs }) => jobs.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
  const rest = await place.take(100);
  expect(ids.length + rest.jobs.length).toBe(63);
});

test("a call whose answer was lost is answered alike", async () => {
  await using place = await PostgresPlace.open();
  const lossy = place.connect();
  const { pool } = place;
  const calls = pool.query.bind(pool);
  const cut = new Error("the connection was cut");
  Object.assign(pool, {
    query: async (...params: Parameters<typeof calls>) => {
      await calls(...params);
      throw cut;
    },
  });
  await expect(place.takeAs(7, lossy, 2)).rejects.toBe(cut);
  Object.assign(pool, { query: calls });
  const { jobs } = await place.takeAs(7, lossy, 2);
  expect(jobs.map(({ id, takes }) => `${id} ${takes}`).toSorted(inOrder)).toEqual([
    "one:1:1 1",
    "two:1:2 1",
  ]);
  expect((await place.takeAs(8, lossy, 2)).jobs).toMatchObject([{ id: "three:1:3" }]);
});

test("what somebody touches is ended a moment later, and nobody waits for it meanwhile", async () => {
  await using place = await PostgresPlace.open();
  const { lock } = await place.take(3);
  const other = await place.pool.connect();
  await other.query("BEGIN");
  await other.query(`SELECT 1 FROM ${place.table} WHERE id = 'two:1:2' FOR UPDATE`);
  const ending = place.batches.end(["one:1:1", "two:1:2", "three:1:3"].map((id) => ({ id, lock })));
  await expect.poll(() => place.kept()).toHaveLength(1);
  await other.query("COMMIT");
  other.release();
  await ending;
  expect(await place.kept()).toEqual([]);
});

test("a run's queue job ends in the step that settles it, if its lock is the one that is named", async () => {
  await using place = await PostgresPlace.open();
  const { bench } = place;
  const settle = async (named: string): Promise<unknown> => {
    const job = await bench.addJob();
    bench.now += 1_000;
    const { runId } = await bench.run(job, bench.now);
    const held = `state = 'active', lock_token = 'token'`;
    await place.pool.query(`UPDATE ${place.table} SET ${held} WHERE id = $1`, [runId]);
    const { outcome, endedQueueJob } = await bench.settle(job, runId, 1, { lock: named });
    const { rowCount } = await place.pool.query(`SELECT 1 FROM ${place.table} WHERE id = $1`, [
      runId,
    ]);
    return { outcome, endedQueueJob, rowCount };
  };
  expect(await settle("token")).toEqual({ outcome: "settled", endedQueueJob: true, rowCount: 0 });
  expect(await settle("other")).toEqual({ outcome: "settled", endedQueueJob: false, rowCount: 1 });
});
