// The cost of queues and the remains of a crash, below the level of the contract.
import { TESTER } from "../helpers/tester.ts";
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import type { Engine } from "../../src/engine/port/engine.ts";
import { MultiQueueEngine } from "../../src/engine/multi-queue/multi-queue-engine.ts";
import type { QueueEngine } from "../../src/engine/port/queue-engine.ts";
import { PostgresEngine } from "../../src/engine/postgres/postgres-engine.ts";
import { connectServer } from "../../src/engine/postgres/server-database.ts";
import { RedisEngine } from "../../src/engine/redis/redis-engine.ts";
import { TestEngine, START, at } from "../contract/test-engine.ts";
import { startRedis } from "../helpers/redis-server.ts";
import { Redis } from "ioredis";

const common = (prefix: string) => ({
  prefix,
  queue: "default",
  clock: systemClock,
  timeoutMs: 20_000,
  maxEvents: 1_000,
  serverNow: () => START,
  onNote: () => undefined,
  migrate: true,
  onError: () => undefined,
});

const redisEngine = (prefix: string, connection = inject("redisUrl")): RedisEngine =>
  new RedisEngine({ ...common(prefix), connection });

const postgresEngine = (prefix: string): PostgresEngine =>
  new PostgresEngine({
    ...common(prefix),
    label: "postgres",
    connect: ({ queue }) =>
      connectServer({
        url: inject("postgresUrl"),
        schema: queue,
        timeoutMs: 20_000,
        onError: () => undefined,
      }),
  });

/** Only makes puts. */
const maker = new TestEngine(undefined, "maker");

describe.each([
  ["redis", redisEngine],
  ["postgres", postgresEngine],
])("ids on %s", (_, make) => {
  let home: QueueEngine;
  let mail: QueueEngine;
  let fleet: Engine;

  beforeEach(async () => {
    home = make(`ids-${randomUUID().slice(0, 8)}`);
    fleet = new MultiQueueEngine(home, systemClock);
    await fleet.open();
    mail = (await fleet.serve?.("mail")) as QueueEngine;
  });
  afterEach(() => fleet.close());

  const claim = async (id: string): Promise<number> => {
    const [result] = await home.directory.claim("mail", [id]);
    return result?.outcome === "claimed" ? result.number : Number.NaN;
  };

  test("a process that died between the claim and the job leaves nothing in the way", async () => {
    for (const queue of ["default", "bulk", "mail"]) {
      const id = randomUUID();
      expect(await claim(id)).toBeGreaterThan(0);
      expect(await fleet.jobs.get([id])).toEqual([undefined]);
      const removal = { by: TESTER, jobId: id, expectedWatermark: undefined, skipped: [] };
      expect(await fleet.jobs.remove(removal)).toBe("missing");
      const [result] = await fleet.jobs.put([maker.put({ id, queue })]);
      expect(result?.outcome).toBe("created");
      const [job] = await fleet.jobs.get([id]);
      expect(job?.definition.queue ?? "default").toBe(queue);
    }
  });

  test("a process that was held up after its claim stores no second job of the id", async () => {
    const id = randomUUID();
    const [early, late] = [await claim(id), await claim(id)];
    expect(late).toBeGreaterThan(early);
    const put = { ...maker.put({ id, queue: "mail" }) };
    expect(await fleet.jobs.put([maker.put({ id })])).toMatchObject([{ outcome: "created" }]);
    for (const number of [early, late])
      expect(await mail.directory.putClaimed([{ ...put, claim: number }])).toEqual([
        { outcome: "void" },
      ]);
    expect(await mail.jobs.get([id])).toEqual([undefined]);
    // A later claim is another matter: it is refused while the job is there, and holds when it is gone.
    expect(await home.directory.claim("mail", [id])).toEqual([{ outcome: "exists" }]);
    await fleet.jobs.remove({ by: TESTER, jobId: id, expectedWatermark: undefined, skipped: [] });
    const again = await claim(id);
    expect(await mail.directory.putClaimed([{ ...put, claim: again }])).toMatchObject([
      { outcome: "created" },
    ]);
    expect(await home.jobs.put([maker.put({ id })])).toEqual([{ outcome: "exists" }]);
  });

  test("a claim is freed with its job, and not if the job was declared again meanwhile", async () => {
    const id = randomUUID();
    await fleet.jobs.put([maker.put({ id, queue: "mail" })]);
    const [before] = await home.directory.find([id]);
    await fleet.jobs.put([maker.put({ id, queue: "mail" })]);
    const [after] = await home.directory.find([id]);
    expect(after?.number).toBeGreaterThan(before?.number ?? Number.NaN);
    await home.directory.release(id, before?.number ?? 0, 0);
    expect(await home.directory.find([id])).toEqual([after]);
    expect(await mail.directory.fence(id, after?.number ?? 0)).toBe("exists");
    await fleet.jobs.remove({ by: TESTER, jobId: id, expectedWatermark: undefined, skipped: [] });
    expect(await home.directory.find([id])).toEqual([undefined]);
  });
});

test.each([
  ["redis", () => inject("redisUrl")],
  ["postgres", () => inject("postgresUrl")],
  ["memory", () => undefined],
])(
  "twenty queues on %s are served and heard over the connections of one process",
  async (_, url) => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on("warning", onWarning);
    const bench = new TestEngine(url(), `many-${randomUUID().slice(0, 8)}`);
    await bench.engine.open();
    const start = await bench.engine.events.latestCursor();
    const queues = Array.from({ length: 20 }, (__, i) => `queue-${i}`);
    const taken = new Set<string>();
    const consumers = await Promise.all(
      queues.map(async (queue) => {
        const engine = await bench.engine.serve?.(queue);
        return engine?.queue.consume({
          concurrency: 1,
          lockMs: 30_000,
          stalledCheckMs: 30_000,
          onError: () => undefined,
          handle: async ({ id }) => {
            taken.add(id);
            return "done";
          },
        });
      }),
    );
    const due = [at(START - 1_000)];
    const jobs = await Promise.all(
      queues.map((queue) => bench.addJob({ queue, watermark: 0, upcoming: due })),
    );
    const heard: string[] = [];
    for (let cursor = start; heard.length < queues.length;) {
      const batch = await bench.engine.events.read("reader", cursor, 2_000);
      heard.push(...batch.events.flatMap(({ event }) => event.jobId ?? []));
      cursor = batch.cursor;
    }
    expect(heard.toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
    await expect.poll(() => taken.size, { timeout: 20_000 }).toBe(queues.length);
    await Promise.all(consumers.map(async (consumer) => consumer?.stop()));
    await bench.engine.close();
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  },
  120_000,
);

test("with the default queue alone, a fleet sends what its one queue would send, and has its connections", async () => {
  const server = await startRedis({});
  const admin = new Redis(server.url);
  const counts = async (): Promise<Record<string, number>> => {
    const stats = await admin.info("commandstats");
    const calls = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)];
    return Object.fromEntries(
      calls.flatMap(([, name = "", n]) =>
        /info|config|client|ping|select|hello|command/.test(name) ? [] : [[name, Number(n)]],
      ),
    );
  };
  const cost = async (make: (home: RedisEngine) => Engine, prefix: string) => {
    const engine = make(redisEngine(prefix, server.url));
    await engine.open();
    // The scripts are loaded once.
    const jobs = await work(engine);
    await admin.config("RESETSTAT");
    await work(engine, jobs);
    const calls = await counts();
    const clients = String(await admin.client("LIST"))
      .trim()
      .split("\n").length;
    await engine.close();
    return { calls, clients };
  };
  const work = async (engine: Engine, round = 0): Promise<number> => {
    const put = maker.put({ id: `job-${round}`, watermark: 0, upcoming: [at(START - 1_000)] });
    const [result] = await engine.jobs.put([put]);
    const generation = result?.outcome === "created" ? result.generation : 0;
    const job = { id: put.definition.id, generation };
    await engine.jobs.get([job.id]);
    const request = maker.request(job, [at(START - 1_000)]);
    expect((await engine.runs.admit(request)).outcome).toBe("run");
    await engine.runs.settle({
      ...maker.hold(job, request.queueJobId),
      verdict: "succeeded",
      durationMs: 1,
      worker: "w",
      resultJson: undefined,
      error: undefined,
      retention: put.definition.retention,
    });
    return round + 1;
  };
  const alone = await cost((home) => home, "alone");
  const fleet = await cost((home) => new MultiQueueEngine(home, systemClock), "fleet");
  // Storing the job, reading it, its admission, its end.
  expect(alone.calls["evalsha"]).toBe(4);
  expect(fleet).toEqual(alone);
  admin.disconnect();
  await server.dispose();
});
