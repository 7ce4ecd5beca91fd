// What a user's test sees is what production does: the same things happen in the testing kit and on real servers.
import { TESTER } from "../helpers/tester.ts";
import fc from "fast-check";
import { expect, inject, test } from "vitest";
import { toRun } from "../../src/history/run.ts";
import { defineJob, type Run } from "../../src/index.ts";
import { createTestScheduler, type TestScheduler } from "../../src/testing.ts";
import { ModelFleet, START, type Time } from "../model/fleet.ts";
import type { Place, PlaceOptions } from "../model/place.ts";
import { openRedis } from "../model/redis-place.ts";
import { openPostgres } from "../model/sql-place.ts";

const STORIES = 12;
const TIMEOUT_MS = 300_000;
/** The second worker's clock is right. */
const WORKER = 1;

type Op =
  | { readonly do: "add" | "modify"; readonly options: Record<string, unknown> }
  | { readonly do: "pause" | "resume" | "run" }
  | { readonly do: "pass" | "outage"; readonly seconds: number };

/** Whether the run of this fire time fails, whichever attempt it is. */
const fails = (fireAt: number): boolean => (fireAt / 1_000) % 3 === 1;

const rules = {
  coalesce: fc.boolean(),
  misfireGraceTime: fc.constantFrom(null, 0, 20),
  maxCatchUp: fc.constantFrom(1, 3, 100),
  overlap: fc.constantFrom("skip", "queue-one", "queue-all"),
  // Never due at the instant of an occurrence: which of two comes first is nobody's promise.
  retry: fc.constantFrom(null, { attempts: 2, backoff: "fixed", delay: "1700ms" }),
  pauseAfterFailures: fc.constantFrom(null, 2),
};
const trigger = fc.oneof(
  fc
    .constantFrom(5, 7, 60)
    .map((seconds) => ({ trigger: "interval", seconds, startDate: new Date(START - 1_000) })),
  fc
    .constantFrom(9, 31)
    .map((seconds) => ({ trigger: "date", runDate: new Date(START + seconds * 1_000) })),
);
const first = fc
  .tuple(trigger, fc.record(rules))
  .map(([when, options]): Op => ({ do: "add", options: { ...when, ...options } }));
const op = fc.oneof(
  fc.record({ do: fc.constant("pass"), seconds: fc.constantFrom(3, 11, 40, 130) }),
  fc.record({ do: fc.constant("outage"), seconds: fc.constantFrom(8, 45, 300) }),
  fc.constantFrom({ do: "pause" }, { do: "resume" }, { do: "resume" }, { do: "run" }),
  fc.record(rules, { requiredKeys: [] }).map((options) => ({ do: "modify", options })),
) as fc.Arbitrary<Op>;
const story = fc
  .tuple(first, fc.array(op, { minLength: 4, maxLength: 12 }))
  .map(([one, others]): Op[] => [one].concat(others, { do: "pass", seconds: 30 }));

/** What of a run is the same wherever it was. */
function shown(run: Run): object {
  const {
    verdict,
    trigger: kind,
    fireTime,
    firstFireTime,
    count,
    attempt,
    reason,
    startedAt,
  } = run;
  return { verdict, kind, fireTime, firstFireTime, count, attempt, reason, startedAt };
}

async function inTheKit(ops: readonly Op[]): Promise<object[]> {
  const work = defineJob({
    name: "Work",
    run: ({ fireTime }) => {
      if (fails(fireTime.getTime())) throw new Error("failed on purpose");
    },
  });
  // One run after the other, as the server's are played.
  const worker = { concurrency: 1 };
  await using t = await createTestScheduler({ pipelines: [work], now: new Date(START), worker });
  const happens = async (one: Op): Promise<unknown> => {
    switch (one.do) {
      case "add":
        return t.addJob(work, { ...one.options, id: "job" } as Parameters<
          TestScheduler["addJob"]
        >[1]);
      case "modify":
        return t.modifyJob("job", one.options);
      case "pause":
        return t.pauseJob("job");
      case "resume":
        return t.resumeJob("job");
      case "run":
        return t.runJob("job");
      case "pass":
        return t.advanceBy(one.seconds);
      case "outage":
        return t.outage(one.seconds);
    }
  };
  for (const one of ops) {
    await happens(one).catch(() => undefined);
    await t.advanceBy("1s");
  }
  return t.runs("job").map(shown);
}

async function onServer(place: Place, time: Time, ops: readonly Op[]): Promise<object[]> {
  await using fleet = await ModelFleet.open(place, time);
  const id = fleet.idOf("a");
  const line = place.lines.get("default");
  const playTo = async (at: number): Promise<void> => {
    for (;;) {
      const waiting = (await line?.waiting()) ?? [];
      const [next] = waiting.toSorted((a, b) => a.dueAt - b.dueAt);
      if (!next || next.dueAt > at) break;
      fleet.pass(Math.max(0, next.dueAt - fleet.now));
      await fleet.take("default", next.id, WORKER);
      for (const held of fleet.held.slice()) {
        const fireAt = Number(held.runId.slice(held.runId.lastIndexOf(":") + 1));
        await fleet.finish(held, fails(fireAt) ? "badly" : "well");
      }
    }
    fleet.pass(at - fleet.now);
  };
  const happens = async (one: Op): Promise<unknown> => {
    switch (one.do) {
      case "add":
        fleet.known.add(id);
        return fleet.desk.add([{ pipeline: fleet.pipeline, options: { ...one.options, id } }]);
      case "modify":
        return fleet.desk.modify(id, one.options, "modifyJob");
      case "pause":
        return fleet.desk.pause(id, undefined);
      case "resume":
        return fleet.desk.resume(id);
      case "run":
        return fleet.engine.requests.run({ by: TESTER, jobId: id, sequence: fleet.unique() });
      case "pass":
        return playTo(fleet.now + one.seconds * 1_000);
      case "outage":
        fleet.pass(one.seconds * 1_000);
        return playTo(fleet.now);
    }
  };
  for (const one of ops) {
    await happens(one).catch(() => undefined);
    await playTo(fleet.now + 1_000);
  }
  const query = { jobId: id, fromAt: 0, toAt: 8e15, offset: 0, limit: 10_000 };
  const rows = await fleet.engine.ledger.read({ ...query, order: "oldest" });
  const open = await fleet.engine.ledger.readOpenRuns(id);
  return [...rows, ...open].map((row) => shown(toRun(row)));
}

/** Rows of one fire time have no order. */
function inOrder(runs: readonly object[]): string[] {
  return runs.map((run) => JSON.stringify(run)).toSorted();
}

test.each([
  ["redis", (options: PlaceOptions) => openRedis("redis", inject("redisUrl"), options)],
  ["postgres", (options: PlaceOptions) => openPostgres(inject("postgresUrl"), options)],
] as const)(
  "a story has the same ledger in the testing kit and on %s",
  async (name, open) => {
    const time: Time = { now: START };
    const prefix = `same-${process.pid}-${name}`;
    const place = await open({ prefix, engines: 1, now: () => time.now });
    let runs = 0;
    try {
      const property = fc.asyncProperty(story, async (ops) => {
        const seen = await inTheKit(ops);
        runs += seen.length;
        expect(inOrder(await onServer(place, time, ops))).toEqual(inOrder(seen));
      });
      await fc.assert(property, { numRuns: STORIES });
    } finally {
      await place.close();
    }
    expect(runs).toBeGreaterThan(STORIES);
  },
  TIMEOUT_MS,
);
