import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import type { StoredEvent } from "../../src/jobs/event.ts";
import { MAX_EVENTS } from "./test-engine.ts";
import type { CaseContext } from "./suite.ts";

/** The event log, cursors, leases, and workers. */
export function eventCases({ bench, another }: CaseContext): void {
  const told = (jobId: string, count = 1): StoredEvent => ({
    name: "JOB_REPAIRED",
    at: 5,
    jobId,
    count,
  });

  test("events come back whole and in order, after the place where one stopped", async () => {
    const b = bench();
    const job = randomUUID();
    const start = await b.engine.events.latestCursor();
    const error = { name: "E", message: 'a "quoted" \u0000 \ud800 text' };
    const whole = { ...told(job), name: "JOB_ERROR", result: { a: [1, null] }, error } as const;
    await b.engine.events.append([whole, told(job, 2)]);
    const first = await b.engine.events.read("reader", start, 1_000);
    expect(first.events.map(({ event }) => event)).toEqual([whole, told(job, 2)]);
    expect(first.lost).toBe(false);
    await b.engine.events.append([told(job, 3)]);
    const second = await b.engine.events.read("reader", first.cursor, 1_000);
    expect(second.events.map(({ event }) => event.count)).toEqual([3]);
    expect(await b.engine.events.latestCursor()).toBe(second.cursor);
    const none = await b.engine.events.read("reader", second.cursor, 20);
    expect(none).toEqual({ events: [], cursor: second.cursor, lost: false });
  });

  test("of two positions one is known to be behind the other; those of another kind of log are not compared", async () => {
    const { events } = bench().engine;
    const start = await events.latestCursor();
    await events.append([told("a"), told("b")]);
    await events.append([told("c")]);
    const cursors: string[] = [start];
    while (cursors.length < 4)
      for (const { cursor, place = cursor } of (
        await events.read("order", cursors.at(-1) ?? "", 1_000)
      ).events) {
        expect(events.isAhead(place, start)).toBe(true);
        cursors.push(cursor);
      }
    const [, a = "", b = "", c = ""] = cursors;
    // Those of one step share a place.
    expect([events.isAhead(b, a), events.isAhead(a, b)]).toEqual([false, false]);
    expect([events.isAhead(c, b), events.isAhead(b, c)]).toEqual([true, false]);
    expect(events.isAhead(c, "0-0")).toBe(true);
    for (const foreign of ["", "x", "1-2-3"]) expect(events.isAhead(foreign, c)).toBeUndefined();
  });

  test("a reader that waits is woken by an event of another connection", async () => {
    const b = bench();
    const other = await another();
    const job = randomUUID();
    const cursor = await b.engine.events.latestCursor();
    const waiting = b.engine.events.read("waiting", cursor, 20_000);
    const from = performance.now();
    await other.engine.events.append([told(job)]);
    const { events } = await waiting;
    expect(events.map(({ event }) => event.jobId)).toEqual([job]);
    expect(performance.now() - from).toBeLessThan(15_000);
  });

  test("a reader that is ended does not wait on", async () => {
    const b = bench();
    const cursor = await b.engine.events.latestCursor();
    const waiting = b.engine.events.read("ended", cursor, 60_000).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    b.engine.events.endReader("ended");
    expect((await waiting)?.events ?? []).toEqual([]);
  });

  test("no event is passed over while many connections append at once", async () => {
    const b = bench();
    const others = await Promise.all(Array.from({ length: 4 }, () => another()));
    const start = await b.engine.events.latestCursor();
    const seen: string[] = [];
    const wanted = others.flatMap((_, i) => Array.from({ length: 25 }, (__, n) => `${i}:${n}`));
    const reading = (async () => {
      for (let cursor = start; seen.length < wanted.length;) {
        const batch = await b.engine.events.read("all", cursor, 5_000);
        seen.push(...batch.events.map(({ event }) => event.jobId ?? ""));
        cursor = batch.cursor;
      }
    })();
    await Promise.all(
      others.map(async ({ engine }, i) => {
        for (let n = 0; n < 25; n += 1) await engine.events.append([told(`${i}:${n}`)]);
      }),
    );
    await reading;
    expect(seen.toSorted()).toEqual(wanted.toSorted());
    for (const i of others.keys()) {
      const own = seen.filter((id) => id.startsWith(`${i}:`));
      expect(own).toEqual(wanted.filter((id) => id.startsWith(`${i}:`)));
    }
  });

  test("a reader that was away too long is told that events were lost, and goes on", async () => {
    const b = bench();
    const start = await b.engine.events.latestCursor();
    await b.engine.events.append([told("first")]);
    const { cursor } = await b.engine.events.read("reader", start, 1_000);
    for (let i = 0; i < MAX_EVENTS * 2; i += 1) await b.engine.events.append([told("more", i)]);
    const batch = await b.engine.events.read("reader", cursor, 1_000);
    expect(batch.lost).toBe(true);
    expect(batch.events.length).toBeGreaterThan(0);
    const last = await b.engine.events.latestCursor();
    expect(await b.engine.events.read("reader", last, 1)).toMatchObject({
      events: [],
      lost: false,
    });
    const kept = await b.events("0-0");
    expect(kept.length).toBeGreaterThanOrEqual(MAX_EVENTS);
    expect(kept.length).toBeLessThan(MAX_EVENTS * 2);
  });

  test("a named cursor is kept", async () => {
    const b = bench();
    const name = `listener-${randomUUID()}`;
    expect(await b.engine.events.loadCursor(name)).toBeUndefined();
    await b.engine.events.saveCursor(name, "1");
    await b.engine.events.saveCursor(name, "2");
    expect(await b.engine.events.loadCursor(name)).toBe("2");
  });

  test("a lease has one owner, who may renew it and let go of it, and it ends by itself", async () => {
    const b = bench();
    const name = `lease-${randomUUID()}`;
    expect(await b.engine.members.holdLease(name, "one", 60_000)).toBe(true);
    expect(await b.engine.members.holdLease(name, "two", 60_000)).toBe(false);
    await b.engine.members.releaseLease(name, "two");
    expect(await b.engine.members.holdLease(name, "one", 60_000)).toBe(true);
    await b.engine.members.releaseLease(name, "one");
    expect(await b.engine.members.holdLease(name, "two", 50)).toBe(true);
    await expect
      .poll(() => b.engine.members.holdLease(name, "three", 60_000), { timeout: 10_000 })
      .toBe(true);
    const other = `lease-${randomUUID()}`;
    const holds = await Promise.all(
      Array.from({ length: 10 }, (_, i) => b.engine.members.holdLease(other, `owner-${i}`, 60_000)),
    );
    expect(holds.filter(Boolean)).toHaveLength(1);
  });

  test("workers are listed until they end or fall silent", async () => {
    const b = bench();
    const record = (id: string) => ({
      id,
      host: "here",
      pid: 1,
      pipelines: ["Report", "a'\"b"],
      queues: ["default", "mail"],
      concurrency: 5,
      running: [],
      startedAt: b.now,
      seenAt: b.now,
      clockSkewMs: 0.5,
    });
    const [one, two] = [randomUUID(), randomUUID()];
    await b.engine.members.heartbeat(record(one), 1_000);
    await b.engine.members.heartbeat(record(two), 10_000);
    await b.engine.members.heartbeat(record(two), 10_000);
    const ids = async (): Promise<string[]> =>
      (await b.engine.members.list()).map(({ id }) => id).toSorted();
    expect(await b.engine.members.list()).toContainEqual(record(one));
    expect(await ids()).toEqual([one, two].toSorted());
    b.now += 1_001;
    expect(await ids()).toEqual([two]);
    await b.engine.members.forget(two);
    expect(await ids()).toEqual([]);
  });

  test("the server answers for its health and its clock", async () => {
    const b = bench();
    const health = await b.engine.health();
    expect(health).toMatchObject({ ok: true, problem: undefined });
    expect(await b.engine.now()).toBe(b.now);
    expect(b.engine.label).toMatch(/redis|postgres|memory/);
  });
}
