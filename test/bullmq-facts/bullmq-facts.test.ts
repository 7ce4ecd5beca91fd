// What BullMQ does, as far as we rely on it, and is not promised by its documentation. An update that changes one of
// these must change the code that relies on it.
import { randomUUID } from "node:crypto";
import { type Job, Queue, WaitingError, Worker, type WorkerOptions } from "bullmq";
import { Redis } from "ioredis";
import { describe, expect, inject, test } from "vitest";
import { type Clock, systemClock } from "../../src/index.ts";
import { ProcessFleet, soon } from "../crash/fleet.ts";

const FAR_MS = 3_600_000;

/** A separate queue with its connection and workers. */
class Bench implements AsyncDisposable {
  readonly prefix = `{facts-${randomUUID().slice(0, 8)}:default}`;
  readonly redis = new Redis(inject("redisUrl"), { maxRetriesPerRequest: null });
  readonly queue = new Queue("runs", { connection: this.redis, prefix: this.prefix });
  readonly #workers: Worker[] = [];

  key(name: string): string {
    return `${this.prefix}:runs:${name}`;
  }

  worker(
    processor: (job: Job, token?: string, signal?: AbortSignal) => Promise<unknown>,
    options: Partial<WorkerOptions> = {},
  ): Worker {
    const worker = new Worker("runs", (job, token, signal) => processor(job, token, signal), {
      connection: this.redis,
      prefix: this.prefix,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
      ...options,
    });
    worker.on("error", () => undefined);
    this.#workers.push(worker);
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) await worker.close();
    await this.queue.obliterate({ force: true });
    await this.queue.close();
    this.redis.disconnect();
  }
}

/** A promise and what settles it. */
function signalled<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("ids", () => {
  test("two colons pass, one is rejected, and so is a plain integer", async () => {
    await using bench = new Bench();
    const add = (jobId: string) => bench.queue.add("p", 0, { jobId, delay: FAR_MS });
    expect((await add("job:7:1767225600000")).id).toBe("job:7:1767225600000");
    await expect(add("job:7")).rejects.toThrow(/:/);
    await expect(add("7")).rejects.toThrow(/integer/i);
  });

  test("adding one again changes nothing, not even its due time", async () => {
    await using bench = new Bench();
    const now = Date.now();
    const add = (delay: number) =>
      bench.queue.addBulk([
        { name: "p", data: 0, opts: { jobId: "j:1:1", timestamp: now, delay } },
      ]);
    await add(FAR_MS);
    const before = await bench.redis.zscore(bench.key("delayed"), "j:1:1");
    await add(2 * FAR_MS);
    await add(0);
    expect(await bench.redis.zscore(bench.key("delayed"), "j:1:1")).toBe(before);
    expect(await bench.redis.exists(bench.key("wait"))).toBe(0);
  });

  test("one is free again once its job has ended, and nothing of it is left", async () => {
    await using bench = new Bench();
    let runs = 0;
    const worker = bench.worker(async () => (runs += 1));
    const run = async (count: number): Promise<void> => {
      const done = signalled();
      worker.once("completed", () => done.resolve());
      await bench.queue.add("p", 0, { jobId: "j:1:1" });
      await done.promise;
      expect(runs).toBe(count);
      expect(await bench.redis.exists(bench.key("j:1:1"))).toBe(0);
    };
    await run(1);
    await run(2);
  });
});

describe("due times", () => {
  test("are timestamp + delay to the millisecond, as the score divided by 4096", async () => {
    await using bench = new Bench();
    const dueAt = Date.now() + FAR_MS;
    // As if the command had been made a minute ago and arrived now.
    const madeAt = Date.now() - 60_000;
    await bench.queue.addBulk([
      { name: "p", data: 0, opts: { jobId: "j:1:1", timestamp: madeAt, delay: dueAt - madeAt } },
    ]);
    const score = Number(await bench.redis.zscore(bench.key("delayed"), "j:1:1"));
    expect(Math.floor(score / 4_096)).toBe(dueAt);
  });

  test("one that has passed goes to the waiting at once", async () => {
    await using bench = new Bench();
    await bench.queue.add("p", 0, { jobId: "j:1:1", timestamp: Date.now() - 1_000, delay: 0 });
    expect(await bench.redis.lrange(bench.key("wait"), 0, -1)).toEqual(["j:1:1"]);
  });
});

describe("our worker", () => {
  test("sets itself a timer for the due time of what it waits for", async () => {
    await using fleet = await ProcessFleet.start(inject("redisUrl"));
    const timers: number[] = [];
    const clock: Clock = {
      ...systemClock,
      after(delayMs, action) {
        timers.push(delayMs);
        return systemClock.after(delayMs, action);
      },
    };
    // All its other timers are longer than this.
    await fleet.worker({ clock, lock: 60 });
    const { options, fireTimes } = soon(1, 1_000, 1_500);
    await fleet.add("job", options);
    await fleet.until("its timer", () => timers.some((ms) => ms > 0 && ms <= 1_502));
    await fleet.decided("job", fireTimes);
    const [row] = await fleet.ledger("job");
    expect(row).toMatchObject({ verdict: "succeeded" });
  });
});

describe("what a processor may do with its job", () => {
  test("moveToWait and WaitingError hand it to others", async () => {
    await using bench = new Bench();
    const moved = signalled();
    const first = bench.worker(async (job, token) => {
      const closing = first.close();
      await job.moveToWait(token);
      void closing.then(() => moved.resolve());
      throw new WaitingError();
    });
    await bench.queue.add("p", 0, { jobId: "j:1:1" });
    await moved.promise;
    expect(await bench.redis.lrange(bench.key("wait"), 0, -1)).toEqual(["j:1:1"]);
    expect(await bench.redis.exists(bench.key("j:1:1:lock"))).toBe(0);
    const taken = signalled<string | undefined>();
    bench.worker(async (job) => taken.resolve(job.id));
    expect(await taken.promise).toBe("j:1:1");
  });

  test("close() waits for it, and close(true) after that waits too", async () => {
    await using bench = new Bench();
    const begun = signalled();
    const letGo = signalled();
    const worker = bench.worker(async () => {
      begun.resolve();
      await letGo.promise;
    });
    await bench.queue.add("p", 0, { jobId: "j:1:1" });
    await begun.promise;
    let isClosed = false;
    const closing = worker.close();
    const force = async (): Promise<void> => {
      await worker.close(true);
      isClosed = true;
    };
    const forced = force();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(isClosed).toBe(false);
    letGo.resolve();
    await Promise.all([closing, forced]);
  });
});

describe("locks", () => {
  test("the lock is a key beside the job, and its loss is told by lockRenewalFailed alone", async () => {
    await using bench = new Bench();
    const begun = signalled();
    const letGo = signalled();
    const told = signalled<string[]>();
    let signal: AbortSignal | undefined;
    const worker = bench.worker(
      async (_job, _token, given) => {
        signal = given;
        begun.resolve();
        await letGo.promise;
      },
      { lockDuration: 1_000 },
    );
    // Our worker takes errors within one turn for repetitions, and reports others.
    let isSameTurn = false;
    const repeats: boolean[] = [];
    worker.on("lockRenewalFailed", (ids: string[]) => {
      isSameTurn = true;
      queueMicrotask(() => (isSameTurn = false));
      told.resolve(ids);
    });
    worker.on("error", () => repeats.push(isSameTurn));
    await bench.queue.add("p", 0, { jobId: "j:1:1" });
    await begun.promise;
    expect(await bench.redis.pttl(bench.key("j:1:1:lock"))).toBeGreaterThan(0);
    await bench.redis.del(bench.key("j:1:1:lock"));
    expect(await told.promise).toEqual(["j:1:1"]);
    expect(repeats).toEqual([true]);
    // BullMQ itself continues; the listener must end the run.
    expect(signal?.aborted).toBe(false);
    expect(worker.cancelJob("j:1:1", "lost")).toBe(true);
    expect(signal?.aborted).toBe(true);
    letGo.resolve();
  });

  test("while they hold, locksRenewed names the jobs", async () => {
    await using bench = new Bench();
    const letGo = signalled();
    const told = signalled<{ jobIds: string[] }>();
    const worker = bench.worker(async () => letGo.promise, { lockDuration: 1_000 });
    worker.on("locksRenewed", (renewed) => told.resolve(renewed));
    await bench.queue.add("p", 0, { jobId: "j:1:1" });
    expect(await told.promise).toMatchObject({ jobIds: ["j:1:1"] });
    letGo.resolve();
  });

  test("with a large maxStalledCount a job never fails by stalling", async () => {
    await using bench = new Bench();
    const taken: number[] = [];
    const failed: unknown[] = [];
    const letGo = signalled();
    const options = {
      lockDuration: 1_000,
      stalledInterval: 500,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      concurrency: 10,
    };
    const worker = bench.worker(async (job) => {
      taken.push(job.attemptsStarted);
      await letGo.promise;
    }, options);
    worker.on("failed", (_job, error) => failed.push(error));
    await bench.queue.add("p", 0, { jobId: "j:1:1" });
    // A job whose lock is gone is one whose worker died.
    await until(async () => {
      await bench.redis.del(bench.key("j:1:1:lock"));
      return taken.length >= 4;
    });
    expect(failed).toEqual([]);
    expect(taken.slice(0, 4)).toEqual([1, 2, 3, 4]);
    letGo.resolve();
  });
});

describe("obliterate", () => {
  test("takes the queue with all that is active, and leaves keys beside it", async () => {
    await using bench = new Bench();
    const ours = ["meta", "job:x", "running:x", "ledger:x", "events", "lease:x"].map(
      (name) => `${bench.prefix}:${name}`,
    );
    for (const key of ours) await bench.redis.set(key, "ours");
    const begun = signalled();
    const letGo = signalled();
    bench.worker(async () => {
      begun.resolve();
      await letGo.promise;
    });
    await bench.queue.add("p", 0, { jobId: "j:1:1" });
    await bench.queue.add("p", 0, { jobId: "j:1:2", delay: FAR_MS });
    await begun.promise;
    await bench.queue.obliterate({ force: true });
    expect(await bench.redis.keys(`${bench.prefix}:runs:j:*`)).toEqual([]);
    expect(await bench.redis.exists(...ours)).toBe(ours.length);
    letGo.resolve();
    await bench.redis.del(ours);
  });
});
