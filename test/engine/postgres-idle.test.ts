// When idle workers on PostgreSQL look for something to take: in time, and not all the time.
import { randomUUID } from "node:crypto";
import { PostgresQueueBackend } from "bullmq";
import pg from "pg";
import { afterEach, expect, inject, test, vi } from "vitest";
import { EmptyPollBackoff } from "../../src/engine/bullmq/empty-poll-backoff.ts";
import type { Consumer } from "../../src/engine/port/engine.ts";
import { quote, schemasOf } from "../../src/engine/postgres/schema-name.ts";
import { Pipeline, PipelineScheduler } from "../../src/index.ts";
import { TestEngine } from "../contract/test-engine.ts";

const HOUR_MS = 3_600_000;
const LOCK_MS = 60_000;
const trueNow = Date.now;

afterEach(() => vi.restoreAllMocks());

/** When the queue job that waits there is taken by a worker, and how often that worker looks until then. */
async function taking(own: TestEngine): Promise<{ takenAt: number; looks: number }> {
  const queries = vi.spyOn(pg.Pool.prototype, "query");
  let consumer: Consumer | undefined;
  const takenAt = await new Promise<number>((resolve) => {
    consumer = own.engine.queue.consume({
      concurrency: 1,
      lockMs: LOCK_MS,
      stalledCheckMs: LOCK_MS,
      onError: console.error,
      handle: async () => {
        resolve(trueNow());
        return "done";
      },
    });
  });
  const looks = queries.mock.calls.filter(([text]) => text.includes("take_jobs")).length;
  await consumer?.stop();
  return { takenAt, looks };
}

async function query(text: string): Promise<void> {
  const client = new pg.Client(inject("postgresUrl"));
  await client.connect();
  await client.query(text);
  await client.end();
}

/** Works in a database of its own: signs for a queue are told in all of one. */
async function inOwnDatabase<T>(work: (own: TestEngine, url: string) => Promise<T>): Promise<T> {
  const name = `ahead_${randomUUID().slice(0, 8)}`;
  await query(`CREATE DATABASE ${name}`);
  const url = new URL(inject("postgresUrl"));
  url.pathname = name;
  const own = new TestEngine(url.href, "ahead");
  await own.engine.open();
  try {
    return await work(own, url.href);
  } finally {
    await own.engine.close();
    vi.restoreAllMocks();
    await query(`DROP DATABASE ${name}`);
  }
}

test("a worker whose clock is ahead looks when something becomes due, and not all the time before", async () => {
  let dueAt = 0;
  const { takenAt, looks } = await inOwnDatabase(async (own) => {
    // Only now: making a database takes longer than this on a busy machine.
    dueAt = trueNow() + 1_500;
    await own.engine.queue.add([{ id: "due:1:1", pipeline: "Report", dueAt }]);
    vi.spyOn(Date, "now").mockImplementation(() => trueNow() + HOUR_MS);
    return taking(own);
  });
  expect(takenAt).toBeGreaterThanOrEqual(dueAt);
  expect(looks).toBeGreaterThan(1);
  expect(looks).toBeLessThan(10);
});

test("a worker that finds nothing, nor anything that will be due, looks seldom", async () => {
  const { looks } = await inOwnDatabase(async (own) => {
    const found = taking(own);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await own.engine.queue.add([{ id: "due:1:1", pipeline: "Report", dueAt: 0 }]);
    return found;
  });
  expect(looks).toBeLessThan(10);
});

test("what is added after a worker looked, and before it listens, is taken in time", async () => {
  const own = new TestEngine(inject("postgresUrl"), `window-${randomUUID().slice(0, 8)}`);
  await own.engine.open();
  let dueAt = 0;
  vi.spyOn(PostgresQueueBackend.prototype, "waitForJob").mockImplementationOnce(async function (
    this: PostgresQueueBackend,
    seconds,
  ) {
    dueAt = trueNow() + 300;
    await own.engine.queue.add([{ id: "due:1:1", pipeline: "Report", dueAt }]);
    return this.waitForJob(seconds);
  });
  const { takenAt } = await taking(own);
  await own.engine.close();
  expect(takenAt).toBeGreaterThanOrEqual(dueAt);
  // It would look after five seconds anyway.
  expect(takenAt).toBeLessThan(dueAt + 4_000);
});

test("a worker that is stopped as it starts leaves no connection", async () => {
  const options = { concurrency: 1, lockMs: LOCK_MS, stalledCheckMs: LOCK_MS };
  await inOwnDatabase(async (own, url) => {
    for (let i = 0; i < 30; i += 1) {
      const handle = async () => "done" as const;
      const consumer = own.engine.queue.consume({ ...options, onError: console.error, handle });
      for (let turns = 0; turns < i * 3; turns += 1)
        await new Promise((resolve) => setImmediate(resolve));
      await consumer.stop();
    }
    await own.engine.close();
    const client = new pg.Client(url);
    await client.connect();
    const connected = async (): Promise<unknown> => {
      const { rows } = await client.query(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()",
      );
      return rows;
    };
    await expect.poll(connected, { timeout: 20_000 }).toEqual([{ n: "1" }]);
    await client.end();
  });
});

test("what is due in a paused queue makes nobody look again and again", async () => {
  const { looks } = await inOwnDatabase(async (own) => {
    await own.engine.queue.add([{ id: "due:1:1", pipeline: "Report", dueAt: trueNow() + 200 }]);
    await own.engine.queue.setPaused(true);
    const found = taking(own);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await own.engine.queue.setPaused(false);
    return found;
  });
  expect(looks).toBeLessThan(20);
});

test("nor does what a rate limit holds back, and who waits for that stops at once", async () => {
  const queries = vi.spyOn(pg.Pool.prototype, "query");
  const looks = () => queries.mock.calls.filter(([text]) => text.includes("take_jobs")).length;
  await inOwnDatabase(async (own) => {
    const ids = ["a", "b", "c"].map((name) => `${name}:1:1`);
    await own.engine.queue.add(ids.map((id) => ({ id, pipeline: "Report", dueAt: 0 })));
    const handled: string[] = [];
    const consumer = own.engine.queue.consume({
      concurrency: 10,
      lockMs: LOCK_MS,
      stalledCheckMs: LOCK_MS,
      limit: { max: 2, perMs: HOUR_MS },
      onError: console.error,
      handle: async ({ id }) => {
        handled.push(id);
        return "done";
      },
    });
    await expect.poll(() => handled).toEqual(ids.slice(0, 2));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(handled).toHaveLength(2);
    expect(looks()).toBeLessThan(10);
    const from = performance.now();
    await consumer.stop();
    // It would look after five seconds.
    expect(performance.now() - from).toBeLessThan(4_000);
  });
});

test.each([0, 100])(
  "nor does what another holds for long, due in %d ms; it is taken soon after",
  async (dueInMs) => {
    const { looks, takenAt, freeAt } = await inOwnDatabase(async (own, url) => {
      const dueAt = trueNow() + dueInMs;
      await own.engine.queue.add([{ id: "due:1:1", pipeline: "Report", dueAt }]);
      const other = new pg.Client(url);
      await other.connect();
      await other.query("BEGIN");
      await other.query(`SELECT 1 FROM ${quote(schemasOf("ahead").queue)}.job FOR UPDATE`);
      const found = taking(own);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      await other.query("COMMIT");
      const freed = trueNow();
      await other.end();
      return { ...(await found), freeAt: freed };
    });
    expect(looks).toBeLessThan(200);
    expect(takenAt - freeAt).toBeLessThan(4_000);
  },
);

test("a paused scheduler with its database inside leaves the process to others", async () => {
  class Report extends Pipeline {
    run(): void {}
  }
  await using scheduler = new PipelineScheduler({ pipelines: [Report], worker: {} });
  await scheduler.start();
  await scheduler.addJob(Report, { id: "report", trigger: "interval", milliseconds: 200 });
  await scheduler.pause();
  let ticks = 0;
  const timer = setInterval(() => void (ticks += 1), 20);
  const cpu = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  clearInterval(timer);
  const { user, system } = process.cpuUsage(cpu);
  expect(ticks).toBeGreaterThan(10);
  expect((user + system) / 1_000).toBeLessThan(1_500);
  await scheduler.resume();
  const runs = () => scheduler.getRuns("report");
  await expect.poll(async () => (await runs()).runs.length, { timeout: 20_000 }).toBeGreaterThan(0);
});

test("looks that find nothing and do not wait are slowed down, others are not", async () => {
  let now = 0;
  const waits: number[] = [];
  const clock = {
    now: () => now,
    elapsed: () => now,
    after: (ms: number, action: () => void) => {
      waits.push(ms);
      now += ms;
      setImmediate(action);
      return () => undefined;
    },
  };
  const pace = new EmptyPollBackoff(clock);
  const look = async (tookMs: number, hasFound: boolean): Promise<void> => {
    pace.begin();
    now += tookMs;
    await pace.end(hasFound);
  };
  for (let i = 0; i < 10; i += 1) await look(1, false);
  expect(waits).toEqual([2, 4, 8, 16, 32, 50, 50]);
  await look(1, true);
  for (let i = 0; i < 3; i += 1) await look(1, false);
  for (let i = 0; i < 10; i += 1) await look(30, false);
  expect(waits).toHaveLength(7);
});
