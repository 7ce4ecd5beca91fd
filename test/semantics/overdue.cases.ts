// When an occurrence that nobody takes is told of, and what is said of it.
import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import type { Engine, WorkerRecord } from "../../src/engine/port/engine.ts";
import { Reconciler } from "../../src/scheduler/reconciler.ts";
import { at, EngineBench } from "../helpers/engine-bench.ts";
import { engineWith } from "../helpers/engine-with.ts";

const START = { start: "2026-03-01 12:00:00" };
const PASS_MS = 2_000;

function watchOf(engine: Engine): Reconciler {
  const quiet = (): void => undefined;
  return new Reconciler({
    engine,
    clock: systemClock,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    owner: "a case",
    everyMs: PASS_MS,
    overdueMs: 10_000,
    finishedRetentionMs: 3_600_000,
  });
}

/** A bench whose only workers are those that a case names. */
async function openEmpty(start = START): Promise<EngineBench> {
  const bench = await EngineBench.open(start);
  for (const { id } of await bench.engine.members.list()) await bench.engine.members.forget(id);
  return bench;
}

/** Lets a watch make its passes up to an instant. */
async function watchTo(bench: EngineBench, watch: Reconciler, instant: string): Promise<void> {
  for (;;) {
    await watch.pass();
    if (bench.now >= at(instant)) return;
    bench.moveTo(Math.min(bench.now + PASS_MS, at(instant)));
  }
}

let count = 0;
/** A live worker's record; it began long ago unless the case says otherwise. */
async function say(bench: EngineBench, more: Partial<WorkerRecord> = {}): Promise<void> {
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
    // When the watch makes its last passes, it was heard of lately.
    seenAt: Math.max(bench.now, at("12:00:10")),
    clockSkewMs: 0,
    ...more,
  };
  await bench.engine.members.heartbeat(record, 3_600_000);
}

async function told(bench: EngineBench): Promise<(string | undefined)[]> {
  return (await bench.events("JOB_OVERDUE")).map(({ reason }) => reason);
}

const once = { trigger: "date", runDate: "2026-03-01 12:00:01" } as const;

describe("an occurrence that nobody takes", () => {
  test("is told of once, with the reason, and runs when somebody comes", async () => {
    await using bench = await openEmpty();
    const watch = watchOf(bench.engine);
    await bench.add({ id: "job", ...once });
    await watchTo(bench, watch, "12:00:10");
    expect(await told(bench)).toEqual([]);
    await watchTo(bench, watch, "12:01:00");
    expect(await told(bench)).toEqual([
      expect.stringMatching(/^due for 1\ds: no worker is running$/),
    ]);
    await bench.work();
    expect(await bench.verdicts("job")).toEqual(["12:00:01 succeeded"]);
  });

  test("is no alarm at a restart, while those who take it have just started", async () => {
    await using bench = await openEmpty();
    await bench.add({ id: "job", ...once });
    bench.moveTo("12:30:00");
    await say(bench, { startedAt: bench.now });
    const watch = watchOf(bench.engine);
    await watchTo(bench, watch, "12:30:04");
    expect(await told(bench)).toEqual([]);
    await bench.work();
    await watchTo(bench, watch, "12:31:00");
    expect(await told(bench)).toEqual([]);
    expect(await bench.verdicts("job")).toEqual(["12:00:01 succeeded"]);
  });

  test("is no alarm when it was taken between the look and the telling", async () => {
    await using bench = await openEmpty();
    await bench.add({ id: "job", ...once });
    await say(bench);
    let isTaking = false;
    // The audit is the real one; a worker is faster than what follows it.
    const { healing } = bench.engine;
    const engine = engineWith(bench.engine, {
      healing: {
        async audit(request) {
          const findings = await healing.audit(request);
          if (isTaking) await bench.work();
          return findings;
        },
      },
    });
    const watch = watchOf(engine);
    await watchTo(bench, watch, "12:00:10");
    bench.moveTo("12:00:12");
    isTaking = true;
    await watch.pass();
    bench.moveTo("12:00:14");
    await watch.pass();
    expect(await bench.verdicts("job")).toEqual(["12:00:01 succeeded"]);
    expect(await told(bench)).toEqual([]);
  });

  test("is told of by the next watch, if the one that held it back ends", async () => {
    await using bench = await openEmpty();
    await bench.add({ id: "job", ...once });
    bench.moveTo("12:30:00");
    await watchTo(bench, watchOf(bench.engine), "12:30:06");
    expect(await told(bench)).toEqual([]);
    const next = watchOf(bench.engine);
    await watchTo(bench, next, "12:30:14");
    expect(await told(bench)).toEqual([]);
    await watchTo(bench, next, "12:31:00");
    await watchTo(bench, watchOf(bench.engine), "12:32:00");
    expect(await told(bench)).toEqual([expect.stringContaining("no worker is running")]);
  });

  test("a watch that was away itself, with its process or its server, begins anew", async () => {
    await using bench = await openEmpty();
    await say(bench);
    const watch = watchOf(bench.engine);
    await bench.add({ id: "job", ...once });
    await watch.pass();
    bench.moveTo("12:30:00");
    await watchTo(bench, watch, "12:30:08");
    expect(await told(bench)).toEqual([]);
    await watchTo(bench, watch, "12:30:14");
    expect(await told(bench)).toHaveLength(1);
  });

  test("a paused fleet is not overdue; after resuming it gets its time, and no alarm is lost", async () => {
    await using bench = await openEmpty();
    await say(bench);
    const watch = watchOf(bench.engine);
    await bench.add({ id: "job", ...once });
    await bench.engine.queue.setPaused(true);
    await watchTo(bench, watch, "12:00:30");
    await bench.engine.queue.setPaused(false);
    await watchTo(bench, watch, "12:00:38");
    expect(await told(bench)).toEqual([]);
    await watchTo(bench, watch, "12:01:00");
    expect(await told(bench)).toHaveLength(1);
  });

  test("of a job that is added with a past is no alarm at the first look", async () => {
    await using bench = await openEmpty();
    await say(bench);
    const watch = watchOf(bench.engine);
    await watchTo(bench, watch, "12:00:20");
    await bench.add({ id: "job", ...once, misfireGraceTime: null });
    await watch.pass();
    expect(await told(bench)).toEqual([]);
    await bench.work();
    await watchTo(bench, watch, "12:01:00");
    expect(await told(bench)).toEqual([]);
  });

  test("a run asked for by hand, and a job without a schedule, are not overdue", async () => {
    await using bench = await openEmpty();
    const watch = watchOf(bench.engine);
    await bench.add({ id: "job", ...once, nextRunTime: null });
    await bench.ask("job");
    await watchTo(bench, watch, "12:01:00");
    expect(await told(bench)).toEqual([]);
  });

  test("workers that start again and again hold an alarm back for a while only", async () => {
    await using bench = await openEmpty();
    const watch = watchOf(bench.engine);
    await bench.add({ id: "job", ...once });
    for (let i = 0; i < 30; i += 1) {
      for (const { id } of await bench.engine.members.list()) await bench.engine.members.forget(id);
      await say(bench, { startedAt: bench.now - 3_000 });
      await watch.pass();
      bench.moveTo(bench.now + PASS_MS);
      if (i === 11) expect(await told(bench)).toEqual([]);
    }
    expect(await told(bench)).toEqual([
      expect.stringContaining("the only worker with this pipeline started 3s ago"),
    ]);
  });
});

describe("the cause of an overdue occurrence", () => {
  const two = ["a", "b"];
  const cases: [string, (bench: EngineBench) => Promise<void>, string][] = [
    ["nobody", async () => undefined, "no worker is running"],
    [
      "one on another queue",
      (bench) => say(bench, { queues: ["mail"] }),
      'the only worker does not serve queue "default"',
    ],
    [
      "two on other queues",
      async (bench) => {
        await say(bench, { queues: ["mail"] });
        await say(bench, { queues: ["sms"] });
      },
      'none of the 2 workers serves queue "default"',
    ],
    [
      "one without the pipeline",
      (bench) => say(bench, { pipelines: ["Other"] }),
      'the only worker does not have the pipeline "Work"',
    ],
    [
      "two without the pipeline",
      async (bench) => {
        await say(bench, { pipelines: [] });
        await say(bench, { pipelines: [] });
      },
      'none of the 2 workers has the pipeline "Work"',
    ],
    [
      "one at its capacity",
      (bench) => say(bench, { running: two }),
      "the only worker with this pipeline is busy (2 of 2 runs)",
    ],
    [
      "two at their capacity",
      async (bench) => {
        await say(bench, { running: two });
        await say(bench, { running: ["c"], concurrency: 1 });
      },
      "the 2 workers with this pipeline are busy (3 of 3 runs)",
    ],
    [
      "one that has been silent",
      (bench) => say(bench, { seenAt: at("12:00:00") }),
      "the only worker with this pipeline has been silent for 14s",
    ],
    [
      "a busy one and a silent one",
      async (bench) => {
        await say(bench, { running: two });
        await say(bench, { seenAt: at("12:00:00") });
      },
      "of the 2 workers with this pipeline 1 is busy (2 of 2 runs) and 1 has been silent for 14s",
    ],
    [
      "one that has room",
      (bench) => say(bench, { running: ["a"] }),
      "the only worker with this pipeline said within 4s to have room (1 of 2 runs), and has not taken it",
    ],
    [
      "one that runs more than its heartbeats name",
      (bench) =>
        say(bench, { concurrency: 250, running: Array.from({ length: 100 }, (_, i) => `${i}`) }),
      "the only worker with this pipeline is busy (at least 100 of 250 runs)",
    ],
    [
      "one that may be full on this queue",
      (bench) => say(bench, { queues: ["default", "mail"], running: two }),
      "the only worker with this pipeline is busy (2 of 4 runs on all queues)",
    ],
    [
      "two that have room",
      async (bench) => {
        await say(bench);
        await say(bench, { running: ["a"] });
      },
      "the 2 workers with this pipeline said within 4s to have room (1 of 4 runs), and have not taken it",
    ],
    [
      "a busy one and one that has room",
      async (bench) => {
        await say(bench, { running: two });
        await say(bench);
      },
      "of the 2 workers with this pipeline 1 is busy (2 of 2 runs) and 1 said within 4s to have room (0 of 2 runs), and has not taken it",
    ],
  ];
  test.each(cases)("%s", async (_, make, reason) => {
    await using bench = await openEmpty();
    await make(bench);
    await bench.add({ id: "job", ...once });
    await watchTo(bench, watchOf(bench.engine), "12:00:14");
    expect(await told(bench)).toEqual([`due for 13s: ${reason}`]);
  });
});
