// When an occurrence that nobody takes is reported, and the reason given.
import { describe, expect, test } from "vitest";
import type { WorkerRecord } from "../../src/engine/port/engine.ts";
import type { Reconciler } from "../../src/scheduler/reconciler.ts";
import { PASS_MS, reconcilerOf } from "../helpers/reconciler-of.ts";
import { at, TestFleet } from "../helpers/test-fleet.ts";
import { engineWith } from "../helpers/engine-with.ts";

const START = { start: "2026-03-01 12:00:00" };

/** A fleet whose only workers are those that a case names. */
async function openEmpty(start = START): Promise<TestFleet> {
  const fleet = await TestFleet.open(start);
  for (const { id } of await fleet.engine.members.list()) await fleet.engine.members.forget(id);
  return fleet;
}

/** Lets a watch make its passes up to an instant. */
async function watchTo(fleet: TestFleet, watch: Reconciler, instant: string): Promise<void> {
  for (;;) {
    await watch.pass();
    if (fleet.now >= at(instant)) return;
    fleet.moveTo(Math.min(fleet.now + PASS_MS, at(instant)));
  }
}

let count = 0;
/** A live worker's record; it began long ago unless the case says otherwise. */
async function say(fleet: TestFleet, more: Partial<WorkerRecord> = {}): Promise<void> {
  count += 1;
  const record: WorkerRecord = {
    id: `worker-${count}`,
    host: "here",
    pid: 1,
    pipelines: ["Work"],
    queues: ["default"],
    concurrency: 2,
    running: [],
    startedAt: at("11:00:00"),
    // It has sent a heartbeat shortly before the watch's last passes.
    seenAt: Math.max(fleet.now, at("12:00:10")),
    clockSkewMs: 0,
    ...more,
  };
  await fleet.engine.members.heartbeat(record, 3_600_000);
}

async function told(fleet: TestFleet): Promise<(string | undefined)[]> {
  return (await fleet.events("JOB_OVERDUE")).map(({ reason }) => reason);
}

const once = { trigger: "date", runDate: "2026-03-01 12:00:01" } as const;

describe("an occurrence that nobody takes", () => {
  test("is told of once, with the reason, and runs when somebody comes", async () => {
    await using fleet = await openEmpty();
    const watch = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", ...once });
    await watchTo(fleet, watch, "12:00:10");
    expect(await told(fleet)).toEqual([]);
    await watchTo(fleet, watch, "12:01:00");
    expect(await told(fleet)).toEqual([
      expect.stringMatching(/^due for 1\ds: no worker is running$/),
    ]);
    await fleet.work();
    expect(await fleet.verdicts("job")).toEqual(["12:00:01 succeeded"]);
  });

  test("is no alarm at a restart, while those who take it have just started", async () => {
    await using fleet = await openEmpty();
    await fleet.add({ id: "job", ...once });
    fleet.moveTo("12:30:00");
    await say(fleet, { startedAt: fleet.now });
    const watch = reconcilerOf(fleet.engine);
    await watchTo(fleet, watch, "12:30:04");
    expect(await told(fleet)).toEqual([]);
    await fleet.work();
    await watchTo(fleet, watch, "12:31:00");
    expect(await told(fleet)).toEqual([]);
    expect(await fleet.verdicts("job")).toEqual(["12:00:01 succeeded"]);
  });

  test("is no alarm when it was taken between the look and the telling", async () => {
    await using fleet = await openEmpty();
    await fleet.add({ id: "job", ...once });
    await say(fleet);
    let isTaking = false;
    // The audit is the real one; a worker is faster than what follows it.
    const { healing } = fleet.engine;
    const engine = engineWith(fleet.engine, {
      healing: {
        async audit(request) {
          const findings = await healing.audit(request);
          if (isTaking) await fleet.work();
          return findings;
        },
      },
    });
    const watch = reconcilerOf(engine);
    await watchTo(fleet, watch, "12:00:10");
    fleet.moveTo("12:00:12");
    isTaking = true;
    await watch.pass();
    fleet.moveTo("12:00:14");
    await watch.pass();
    expect(await fleet.verdicts("job")).toEqual(["12:00:01 succeeded"]);
    expect(await told(fleet)).toEqual([]);
  });

  test("is told of by the next watch, if the one that held it back ends", async () => {
    await using fleet = await openEmpty();
    await fleet.add({ id: "job", ...once });
    fleet.moveTo("12:30:00");
    await watchTo(fleet, reconcilerOf(fleet.engine), "12:30:06");
    expect(await told(fleet)).toEqual([]);
    const next = reconcilerOf(fleet.engine);
    await watchTo(fleet, next, "12:30:14");
    expect(await told(fleet)).toEqual([]);
    await watchTo(fleet, next, "12:31:00");
    await watchTo(fleet, reconcilerOf(fleet.engine), "12:32:00");
    expect(await told(fleet)).toEqual([expect.stringContaining("no worker is running")]);
  });

  test("a watch that was away itself, with its process or its server, begins anew", async () => {
    await using fleet = await openEmpty();
    await say(fleet);
    const watch = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", ...once });
    await watch.pass();
    fleet.moveTo("12:30:00");
    await watchTo(fleet, watch, "12:30:08");
    expect(await told(fleet)).toEqual([]);
    await watchTo(fleet, watch, "12:30:14");
    expect(await told(fleet)).toHaveLength(1);
  });

  test("a paused fleet is not overdue; after resuming it gets its time, and no alarm is lost", async () => {
    await using fleet = await openEmpty();
    await say(fleet);
    const watch = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", ...once });
    await fleet.engine.queue.setPaused(true);
    await watchTo(fleet, watch, "12:00:30");
    await fleet.engine.queue.setPaused(false);
    await watchTo(fleet, watch, "12:00:38");
    expect(await told(fleet)).toEqual([]);
    await watchTo(fleet, watch, "12:01:00");
    expect(await told(fleet)).toHaveLength(1);
  });

  test("of a job that is added with a past is no alarm at the first look", async () => {
    await using fleet = await openEmpty();
    await say(fleet);
    const watch = reconcilerOf(fleet.engine);
    await watchTo(fleet, watch, "12:00:20");
    await fleet.add({ id: "job", ...once, misfireGraceTime: null });
    await watch.pass();
    expect(await told(fleet)).toEqual([]);
    await fleet.work();
    await watchTo(fleet, watch, "12:01:00");
    expect(await told(fleet)).toEqual([]);
  });

  test("a run asked for by hand, and a job without a schedule, are not overdue", async () => {
    await using fleet = await openEmpty();
    const watch = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", ...once, nextRunTime: null });
    await fleet.ask("job");
    await watchTo(fleet, watch, "12:01:00");
    expect(await told(fleet)).toEqual([]);
  });

  test("workers that start again and again hold an alarm back for a while only", async () => {
    await using fleet = await openEmpty();
    const watch = reconcilerOf(fleet.engine);
    await fleet.add({ id: "job", ...once });
    for (let i = 0; i < 30; i += 1) {
      for (const { id } of await fleet.engine.members.list()) await fleet.engine.members.forget(id);
      await say(fleet, { startedAt: fleet.now - 3_000 });
      await watch.pass();
      fleet.moveTo(fleet.now + PASS_MS);
      if (i === 11) expect(await told(fleet)).toEqual([]);
    }
    expect(await told(fleet)).toEqual([
      expect.stringContaining("the only worker with this pipeline started 3s ago"),
    ]);
  });
});

describe("the cause of an overdue occurrence", () => {
  const two = ["a", "b"];
  const cases: [string, (fleet: TestFleet) => Promise<void>, string][] = [
    ["nobody", async () => undefined, "no worker is running"],
    [
      "one on another queue",
      (fleet) => say(fleet, { queues: ["mail"] }),
      'the only worker does not serve queue "default"',
    ],
    [
      "two on other queues",
      async (fleet) => {
        await say(fleet, { queues: ["mail"] });
        await say(fleet, { queues: ["sms"] });
      },
      'none of the 2 workers serves queue "default"',
    ],
    [
      "one without the pipeline",
      (fleet) => say(fleet, { pipelines: ["Other"] }),
      'the only worker does not have the pipeline "Work"',
    ],
    [
      "two without the pipeline",
      async (fleet) => {
        await say(fleet, { pipelines: [] });
        await say(fleet, { pipelines: [] });
      },
      'none of the 2 workers has the pipeline "Work"',
    ],
    [
      "one at its capacity",
      (fleet) => say(fleet, { running: two }),
      "the only worker with this pipeline is busy (2 of 2 runs)",
    ],
    [
      "two at their capacity",
      async (fleet) => {
        await say(fleet, { running: two });
        await say(fleet, { running: ["c"], concurrency: 1 });
      },
      "the 2 workers with this pipeline are busy (3 of 3 runs)",
    ],
    [
      "one that has been silent",
      (fleet) => say(fleet, { seenAt: at("12:00:00") }),
      "the only worker with this pipeline has been silent for 14s",
    ],
    [
      "a busy one and a silent one",
      async (fleet) => {
        await say(fleet, { running: two });
        await say(fleet, { seenAt: at("12:00:00") });
      },
      "of the 2 workers with this pipeline 1 is busy (2 of 2 runs) and 1 has been silent for 14s",
    ],
    [
      "one that has room",
      (fleet) => say(fleet, { running: ["a"] }),
      "the only worker with this pipeline said within 4s to have room (1 of 2 runs), and has not taken it",
    ],
    [
      "one that runs more than its heartbeats name",
      (fleet) =>
        say(fleet, { concurrency: 250, running: Array.from({ length: 100 }, (_, i) => `${i}`) }),
      "the only worker with this pipeline is busy (at least 100 of 250 runs)",
    ],
    [
      "one that may be full on this queue",
      (fleet) => say(fleet, { queues: ["default", "mail"], running: two }),
      "the only worker with this pipeline is busy (2 of 4 runs on all queues)",
    ],
    [
      "two that have room",
      async (fleet) => {
        await say(fleet);
        await say(fleet, { running: ["a"] });
      },
      "the 2 workers with this pipeline said within 4s to have room (1 of 4 runs), and have not taken it",
    ],
    [
      "one with room whose queue is limited",
      (fleet) => say(fleet, { rateLimit: { max: 5, perMs: 60_000 } }),
      "the only worker with this pipeline is held to a rateLimit of 5 per 1m for the queue",
    ],
    [
      "limited ones with room, and a busy one",
      async (fleet) => {
        const rateLimit = { max: 1, perMs: 1_000 };
        await say(fleet, { rateLimit });
        await say(fleet, { rateLimit });
        await say(fleet, { rateLimit, running: two });
      },
      "of the 3 workers with this pipeline 1 is busy (2 of 2 runs) and 2 are held to a rateLimit of 1 per 1s for the queue",
    ],
    [
      "a busy one and one that has room",
      async (fleet) => {
        await say(fleet, { running: two });
        await say(fleet);
      },
      "of the 2 workers with this pipeline 1 is busy (2 of 2 runs) and 1 said within 4s to have room (0 of 2 runs), and has not taken it",
    ],
  ];
  test.each(cases)("%s", async (_, make, reason) => {
    await using fleet = await openEmpty();
    await make(fleet);
    await fleet.add({ id: "job", ...once });
    await watchTo(fleet, reconcilerOf(fleet.engine), "12:00:14");
    expect(await told(fleet)).toEqual([`due for 13s: ${reason}`]);
  });
});
