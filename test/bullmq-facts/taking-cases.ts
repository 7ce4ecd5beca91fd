// What must be the same whether we or BullMQ took, ended or put back queue jobs; for each place where BullMQ keeps them.
import type { Job } from "bullmq";
import { expect, test } from "vitest";
import type { QueueBatches, TakenJobs } from "../../src/engine/bullmq/queue-batches.ts";
import type { RateLimit } from "../../src/engine/port/queue-job.ts";

/** For how long queue jobs are locked. */
export const LOCK_MS = 60_000;
/** Later than any test. */
export const LATER_MS = 5_000;

/** A queue of three: `one:1:1` waits, `two:1:2` is due, `three:1:3` has a priority. */
export interface TakingPlace extends AsyncDisposable {
  readonly batches: QueueBatches;
  readonly queue: {
    pause(): Promise<void>;
    resume(): Promise<void>;
    setGlobalConcurrency(concurrency: number): Promise<unknown>;
    setGlobalRateLimit(max: number, duration: number): Promise<unknown>;
    getRateLimitTtl(max?: number): Promise<number>;
    rateLimit(ms: number): Promise<void>;
    removeRateLimitKey(): Promise<number>;
  };
  /** Takes by turns of the same taker, so their locks have the token `taker:<turn>`. */
  take(count: number, limit?: RateLimit): Promise<TakenJobs>;
  /** BullMQ takes one. */
  takeByBullMq(token: string): Promise<Job>;
  /** BullMQ takes one within a rate limit, if that allows it. */
  takeLimitedByBullMq(token: string, limit: RateLimit): Promise<Job | undefined>;
  /** All that is kept, with times left out. */
  kept(): Promise<unknown>;
  /** Makes the delay that BullMQ notes beside a time alike. */
  evenDelays(): Promise<unknown>;
}

/** Resolves after this many ms. */
export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Compares the stored state, and checks that locks, a pause and a limit hold. */
export function takingCases(open: () => Promise<TakingPlace>): void {
  /** What is kept after it was done in a place of its own. */
  const keptAfter = async (act: (place: TakingPlace) => Promise<unknown>): Promise<unknown> => {
    await using place = await open();
    await act(place);
    const kept = await place.kept();
    return kept;
  };

  test("taking: what waits, what is due, what has a priority", async () => {
    const ours = await keptAfter((place) => place.take(3));
    const theirs = await keptAfter(async (place) => {
      for (let i = 0; i < 3; i += 1) await place.takeByBullMq("taker:1");
    });
    expect(ours).toEqual(theirs);
  });

  test("ending", async () => {
    const ours = await keptAfter(async (place) => {
      const { lock } = await place.take(3);
      await place.batches.end(["one:1:1", "three:1:3"].map((id) => ({ id, lock })));
    });
    const theirs = await keptAfter(async (place) => {
      const jobs = [];
      for (let i = 0; i < 3; i += 1) jobs.push(await place.takeByBullMq("taker:1"));
      await jobs[0]?.moveToCompleted(0, "taker:1", false);
      await jobs[2]?.moveToCompleted(0, "taker:1", false);
    });
    expect(ours).toEqual(theirs);
  });

  test("parking, and taking again", async () => {
    const ours = await keptAfter(async (place) => {
      const { lock } = await place.take(2);
      expect(await place.batches.park({ id: "one:1:1", lock }, 1)).toBe(true);
      expect(await place.batches.park({ id: "two:1:2", lock }, LATER_MS)).toBe(true);
      await wait(10);
      const { jobs } = await place.take(1);
      expect(jobs).toEqual([{ id: "one:1:1", pipeline: "Noop", takes: 2 }]);
      await place.evenDelays();
    });
    const theirs = await keptAfter(async (place) => {
      const one = await place.takeByBullMq("taker:1");
      const two = await place.takeByBullMq("taker:1");
      await one.moveToDelayed(Date.now() + 1, "taker:1");
      await two.moveToDelayed(Date.now() + LATER_MS, "taker:1");
      await wait(10);
      await place.takeByBullMq("taker:2");
      await place.evenDelays();
    });
    expect(ours).toEqual(theirs);
  });

  test("a lock that is somebody else's is respected", async () => {
    await using place = await open();
    const { batches } = place;
    await place.take(1);
    const before = await place.kept();
    await batches.end([{ id: "one:1:1", lock: "another" }]);
    expect(await batches.park({ id: "one:1:1", lock: "another" }, 1)).toBe(false);
    expect(await place.kept()).toEqual(before);
  });

  test("a paused queue gives nothing, and one with a limit no more than that", async () => {
    await using place = await open();
    await place.queue.pause();
    expect(await place.take(3)).toMatchObject({ jobs: [], untilNextMs: 0, isMore: false });
    await place.queue.resume();
    await place.queue.setGlobalConcurrency(2);
    expect((await place.take(3)).jobs).toHaveLength(2);
    expect((await place.take(3)).jobs).toEqual([]);
  });

  const LIMIT: RateLimit = { max: 2, perMs: LOCK_MS };

  test("within a rate limit no more than that, and for how long is what BullMQ says", async () => {
    await using place = await open();
    expect(await place.take(3, LIMIT)).toMatchObject({ isMore: true, isLimited: false });
    const { jobs, untilNextMs, isMore, isLimited } = await place.take(3, LIMIT);
    expect({ jobs, isMore, isLimited }).toEqual({ jobs: [], isMore: false, isLimited: true });
    const ttl = await place.queue.getRateLimitTtl(LIMIT.max);
    expect(untilNextMs).toBeGreaterThanOrEqual(ttl);
    expect(untilNextMs).toBeLessThanOrEqual(LOCK_MS);
    expect((await place.take(3)).jobs).toHaveLength(1);
  });

  test("a rate limit counts what bare BullMQ workers take, and they what we take", async () => {
    const theirs = async (place: TakingPlace): Promise<boolean> =>
      (await place.takeLimitedByBullMq("bare", LIMIT)) !== undefined;
    await using place = await open();
    expect(await theirs(place)).toBe(true);
    expect((await place.take(3, LIMIT)).jobs).toHaveLength(1);
    expect(await theirs(place)).toBe(false);
    expect(await place.take(3, LIMIT)).toMatchObject({ jobs: [], isLimited: true });
  });

  test("when the time of a rate limit is over, another begins", async () => {
    await using place = await open();
    const limit = { max: 1, perMs: 50 };
    expect((await place.take(3, limit)).jobs).toHaveLength(1);
    await expect.poll(async () => (await place.take(3, limit)).jobs).toHaveLength(1);
    expect(await place.queue.getRateLimitTtl(1)).toBeLessThanOrEqual(50);
  });

  test("a window of a longer rate limit does not outlast a shorter one that is set instead", async () => {
    await using place = await open();
    expect((await place.take(3, { max: 1, perMs: 86_400_000 })).jobs).toHaveLength(1);
    const shorter = { max: 1, perMs: 100 };
    const { jobs, untilNextMs } = await place.take(3, shorter);
    expect(jobs).toEqual([]);
    expect(untilNextMs).toBeLessThanOrEqual(100);
    await expect.poll(async () => (await place.take(3, shorter)).jobs).toHaveLength(1);
    // A pause that BullMQ was asked for is no window, and keeps its length.
    await place.queue.rateLimit(LOCK_MS);
    expect((await place.take(3, shorter)).untilNextMs).toBeGreaterThan(1_000);
  });

  test("BullMQ's own limit of the whole queue comes before the worker's", async () => {
    await using place = await open();
    await place.queue.setGlobalRateLimit(1, LOCK_MS);
    expect((await place.take(3)).jobs).toHaveLength(1);
    expect(await place.take(3, { max: 3, perMs: 1 })).toMatchObject({ jobs: [], isLimited: true });
    await place.queue.removeRateLimitKey();
    expect((await place.take(3, { max: 3, perMs: LOCK_MS })).jobs).toHaveLength(1);
    await place.queue.rateLimit(LOCK_MS);
    expect(await place.take(3)).toMatchObject({ jobs: [], isLimited: true });
  });
}
