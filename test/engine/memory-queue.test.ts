import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryEngine } from "../../src/engine/memory/memory-engine.ts";
import { JobLine } from "../../src/engine/memory/job-line.ts";
import type { MemoryConsumer } from "../../src/engine/memory/memory-consumer.ts";
import { type HeapPlace, PlaceHeap } from "../../src/engine/memory/place-heap.ts";
import type { ConsumeOptions, QueueJobOutcome } from "../../src/engine/port/engine.ts";
import { queueJobIdOf } from "../../src/jobs/occurrence-id.ts";
import { settled, StillClock } from "../helpers/still-clock.ts";

const MANY = 100_000;

describe("PlaceHeap", () => {
  test("whatever comes and goes, the first is the earliest, and of equals the one that came first", () => {
    const acts = fc.array(fc.tuple(fc.nat(20), fc.boolean()), { maxLength: 400 });
    fc.assert(
      fc.property(acts, (list) => {
        const heap = new PlaceHeap<HeapPlace>();
        let there: HeapPlace[] = [];
        for (const [order, [at, leaves]] of list.entries()) {
          const place = there[at % Math.max(1, there.length)];
          if (leaves && place) {
            heap.leave(place);
            there = there.filter((each) => each !== place);
          } else {
            const fresh = { at, order, isGone: false };
            heap.add(fresh);
            there.push(fresh);
          }
          const sorted = there.toSorted((a, b) => a.at - b.at || a.order - b.order);
          expect(heap.first()).toBe(sorted[0]);
          expect(heap.inOrder()).toEqual(sorted);
          expect(heap.size).toBe(sorted.length);
        }
      }),
    );
  });
});

describe("JobLine", () => {
  const line = () => new JobLine(() => undefined);
  const takeAll = (jobs: JobLine, now: number): string[] => {
    const ids: string[] = [];
    for (let job = jobs.take("lock", now); job; job = jobs.take("lock", now)) ids.push(job.id);
    return ids;
  };

  test("those that wait come first, then those that become due by their time, and then those that are to be last", () => {
    const jobs = line();
    jobs.add({ id: "last", pipeline: "P", dueAt: 0, isLast: true }, 10);
    jobs.add({ id: "at 30", pipeline: "P", dueAt: 30 }, 10);
    jobs.add({ id: "at 20", pipeline: "P", dueAt: 20 }, 10);
    jobs.add({ id: "at 99", pipeline: "P", dueAt: 99 }, 10);
    jobs.add({ id: "one", pipeline: "P", dueAt: 10 }, 10);
    jobs.add({ id: "two", pipeline: "P", dueAt: 0 }, 10);
    jobs.add({ id: "one", pipeline: "P", dueAt: 99 }, 10);
    expect(jobs.inLine().map(({ id }) => id)).toEqual([
      "one",
      "two",
      "last",
      "at 20",
      "at 30",
      "at 99",
    ]);
    expect(jobs.nextDueAt).toBe(20);
    expect(takeAll(jobs, 30)).toEqual(["one", "two", "at 20", "at 30", "last"]);
    expect(jobs.nextDueAt).toBe(99);
  });

  test("one that is handed back is where it was; one that is put back comes when it is due", () => {
    const jobs = line();
    for (const id of ["one", "two", "three"]) jobs.add({ id, pipeline: "P", dueAt: 0 }, 0);
    const one = jobs.take("a", 0);
    const two = jobs.take("b", 0);
    expect([one?.id, two?.id]).toEqual(["one", "two"]);
    expect(jobs.isHeld("one", "a", 0)).toBe(true);
    expect(jobs.isHeld("one", "b", 0)).toBe(false);
    jobs.park("two", "b", 5);
    jobs.handBack("one", "b");
    expect(jobs.find("one")?.state).toBe("active");
    jobs.handBack("one", "a");
    expect(takeAll(jobs, 0)).toEqual(["one", "three"]);
    expect(takeAll(jobs, 5)).toEqual(["two"]);
    expect(jobs.find("two")?.takes).toBe(2);
    expect(jobs.end("two", "other")).toBe(false);
    expect(jobs.end("two", "lock")).toBe(true);
    expect(jobs.find("two")).toBeUndefined();
  });

  test("100,000 queue jobs come and go", () => {
    const jobs = line();
    const ids = Array.from({ length: MANY }, (_, i) => `job ${i}`);
    for (const [i, id] of ids.entries())
      jobs.add({ id, pipeline: "P", dueAt: (i * 7_919) % MANY }, 0);
    // Half of them are dropped and come again, as with a change of their schedule.
    for (const id of ids.slice(MANY / 2)) {
      jobs.remove(id);
      jobs.add({ id, pipeline: "P", dueAt: MANY }, 0);
    }
    const from = performance.now();
    for (let now = 0, left = MANY; left > 0; now += 100)
      for (let job = jobs.take("lock", now); job; job = jobs.take("lock", now)) {
        jobs.end(job.id, "lock");
        left -= 1;
      }
    expect(jobs.inLine()).toEqual([]);
    // Far more than it takes; with a search through all of them it would be hours.
    expect(performance.now() - from).toBeLessThan(30_000);
  });
});

describe("taking queue jobs", () => {
  const idOf = (n: number): string =>
    queueJobIdOf({ jobId: `job-${n}`, kind: "occurrence", sequence: 1, fireAt: n });

  interface Handled {
    readonly name: string;
    readonly id: string;
    readonly at: number;
    readonly lock: string;
  }

  async function bench() {
    const clock = new StillClock(1_000);
    const engine = new MemoryEngine({
      queue: "default",
      clock,
      maxEvents: 100,
      onError: (error) => console.error(error),
    });
    await engine.open();
    const handled: Handled[] = [];
    const consume = (
      name: string,
      outcome: (id: string) => Promise<QueueJobOutcome> | QueueJobOutcome,
      more: Partial<ConsumeOptions> = {},
    ): MemoryConsumer =>
      engine.queue.consume({
        concurrency: 1,
        lockMs: 10_000,
        stalledCheckMs: 5_000,
        onError: (error) => void handled.push(record(name, String(error), "")),
        async handle({ id, lock = "" }) {
          handled.push(record(name, id, lock));
          return outcome(id);
        },
        ...more,
      });
    const record = (name: string, id: string, lock: string) => ({
      name,
      id,
      lock,
      at: clock.now(),
    });
    const add = (n: number, dueAt = 0) => engine.queue.add([{ id: idOf(n), pipeline: "P", dueAt }]);
    const told = () => handled.map(({ name, id, at }) => `${name} ${id} at ${at}`);
    return { clock, engine, handled, consume, add, told };
  }

  test("a queue job is taken at the instant at which it is due, and in between there is one timer", async () => {
    const { clock, consume, add, told } = await bench();
    const consumer = consume("a", () => "done");
    await settled();
    expect(clock.timers).toEqual([]);
    await add(2, 1_000 + 86_400_000);
    await add(1, 3_000);
    await settled();
    expect(clock.timers).toEqual([3_000]);
    await clock.pass(86_400_000);
    expect(told()).toEqual([`a ${idOf(1)} at 3000`, `a ${idOf(2)} at 86401000`]);
    expect(clock.timers).toEqual([]);
    await consumer.stop();
  });

  test("those that take them take turns, up to their concurrency", async () => {
    const { consume, add, handled, clock } = await bench();
    const never = new Promise<QueueJobOutcome>(() => undefined);
    consume("a", () => never, { concurrency: 2 });
    consume("b", () => never, { concurrency: 1 });
    consume("c", () => never, { concurrency: 3 });
    for (let n = 1; n <= 9; n += 1) await add(n);
    await settled();
    expect(handled.map(({ name }) => name)).toEqual(["a", "b", "c", "a", "c", "c"]);
    // Nobody has room: there is nothing to wait for.
    expect(clock.timers).toEqual([]);
  });

  test("a limit holds for all of them together, and begins with the first that is taken", async () => {
    const { clock, consume, add, told } = await bench();
    const limit = { max: 2, perMs: 500 };
    consume("a", () => "done", { limit });
    consume("b", () => "done", { limit });
    for (let n = 1; n <= 5; n += 1) await add(n);
    await clock.pass(2_000);
    expect(told().map((line) => line.split(" ").slice(1).join(" "))).toEqual([
      `${idOf(1)} at 1000`,
      `${idOf(2)} at 1000`,
      `${idOf(3)} at 1500`,
      `${idOf(4)} at 1500`,
      `${idOf(5)} at 2000`,
    ]);
  });

  test("while it is paused nothing is taken, and nothing is waited for", async () => {
    const { clock, engine, consume, add, told } = await bench();
    consume("a", () => "done");
    await engine.queue.setPaused(true);
    await add(1);
    await add(2, 2_000);
    await clock.pass(5_000);
    expect(told()).toEqual([]);
    expect(clock.timers).toEqual([]);
    await engine.queue.setPaused(false);
    await settled();
    expect(told()).toEqual([`a ${idOf(1)} at 6000`, `a ${idOf(2)} at 6000`]);
  });

  test("what could not be handled comes again, and what is no queue job of ours is dropped", async () => {
    const { clock, engine, consume, add, told } = await bench();
    let fails = true;
    consume("a", () => {
      if (!fails) return "done";
      fails = false;
      throw new Error("broken");
    });
    await engine.queue.add([{ id: "odd", pipeline: "P", dueAt: 0 }]);
    await add(1);
    await clock.pass(1_000);
    expect(told()).toEqual([
      'a Error: queue job "odd" is not one of ours; dropped at 1000',
      `a ${idOf(1)} at 1000`,
      "a Error: broken at 1000",
      `a ${idOf(1)} at 2000`,
    ]);
    expect(engine.store.line.inLine()).toEqual([]);
  });

  test("a consumer that stops takes no more, and waits for what it handles", async () => {
    const { consume, add, told, engine } = await bench();
    let end: (outcome: QueueJobOutcome) => void = () => undefined;
    const consumer = consume("a", () => new Promise((resolve) => (end = resolve)));
    await add(1);
    await add(2);
    await settled();
    let hasStopped = false;
    const stopped = consumer.stop().then(() => (hasStopped = true));
    await settled();
    expect(hasStopped).toBe(false);
    end({ againInMs: 500 });
    await stopped;
    expect(told()).toEqual([`a ${idOf(1)} at 1000`]);
    expect(engine.store.line.inLine()).toMatchObject([
      { id: idOf(2) },
      { id: idOf(1), dueAt: 1_500 },
    ]);
  });

  test("others have at once what a consumer gives up, and its late answer means nothing", async () => {
    const { consume, add, told, engine } = await bench();
    let end: (outcome: QueueJobOutcome) => void = () => undefined;
    const first = consume("a", () => new Promise((resolve) => (end = resolve)));
    await add(1);
    await settled();
    consume("b", () => new Promise(() => undefined));
    await first.abandon();
    await settled();
    expect(told()).toEqual([`a ${idOf(1)} at 1000`, `b ${idOf(1)} at 1000`]);
    end("done");
    await settled();
    expect(engine.store.line.find(idOf(1))?.state).toBe("active");
  });

  test("others have what a killed consumer held when its lock ends, as it was renewed last", async () => {
    const { clock, consume, add, told, engine, handled } = await bench();
    const first = consume("a", () => new Promise(() => undefined));
    await add(1);
    // Renewed at 6000 and at 11000.
    await clock.pass(12_500);
    expect(clock.timers).toEqual([]);
    const { lock = "" } = handled[0] ?? {};
    expect(engine.store.line.isHeld(idOf(1), lock, clock.now())).toBe(true);
    first.kill();
    consume("b", () => "done");
    await clock.pass(20_000);
    expect(told()).toEqual([`a ${idOf(1)} at 1000`, `b ${idOf(1)} at 21000`]);
    expect(engine.store.line.isHeld(idOf(1), lock, clock.now())).toBe(false);
    expect(clock.timers).toEqual([]);
  });
});
