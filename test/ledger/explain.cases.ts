import { describe, expect, test } from "vitest";
import type { Explanation } from "../../src/history/explain.ts";
import type { JobRules } from "../../src/index.ts";
import { OPEN_STATES, SKIP_REASONS, type SkipReason, VERDICTS } from "../../src/jobs/verdict.ts";
import { TestFleet } from "../helpers/test-fleet.ts";

const everyMinute = { trigger: "interval", minutes: 1, startDate: "2026-03-01 12:00" } as const;

async function said(fleet: TestFleet, when: string, id = "job"): Promise<[string, string]> {
  const { state, text } = await fleet.explain(id, when);
  return [state, text];
}

describe("explain: what happened to the occurrence of one time, and why", () => {
  test("succeeded and failed, with worker, lateness and error", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute });
    fleet.moveTo("12:00:05");
    await fleet.work();
    fleet.act = () => {
      throw new TypeError("no luck");
    };
    await fleet.workTo("12:01");
    const [state, text] = await said(fleet, "12:00:00");
    const { run } = await fleet.explain("job", "12:00:00");
    expect(state).toBe("succeeded");
    expect(run?.verdict).toBe("succeeded");
    expect(text).toContain("The occurrence of 2026-03-01T12:00:00.000Z ran on worker ");
    expect(text).toContain(String(run?.worker));
    expect(text).toMatch(/5 ?s.* late, and succeeded/);
    expect(await said(fleet, "12:01:00")).toEqual([
      "failed",
      expect.stringContaining("failed: no luck"),
    ]);
  });

  test("an error with others behind it: what the innermost say, also when the job is paused for it", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, pauseAfterFailures: 2 });
    fleet.act = () => {
      const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
      throw new TypeError("fetch failed", { cause: new Error("socket", { cause: refused }) });
    };
    await fleet.workTo("12:00");
    fleet.act = () => Promise.any([Promise.reject(new Error("a is full")), Promise.reject("b")]);
    await fleet.workTo("12:01");
    const texts = [await said(fleet, "12:00:00"), await said(fleet, "12:01:00")];
    expect(texts.map(([, text]) => text)).toEqual([
      expect.stringContaining("failed: fetch failed: refused (ECONNREFUSED)."),
      expect.stringContaining("failed: All promises were rejected: a is full; b."),
    ]);
    const [first, second] = (await fleet.runs("job")).map(({ error }) => error);
    expect(first).toMatchObject({
      message: "fetch failed",
      cause: { message: "socket", cause: { message: "refused", code: "ECONNREFUSED" } },
    });
    expect(second?.errors?.map(({ message }) => message)).toEqual(["a is full", "b"]);
    const { text } = await fleet.explain("job", "12:02:00");
    expect(text).toContain(
      "2 runs failed in a row; the last: All promises were rejected: a is full",
    );
  });

  test("missed, with the rule; coalesced, with the run; each time of a group", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, misfireGraceTime: 10 });
    fleet.moveTo("12:02:30");
    await fleet.work();
    for (const when of ["12:00:00", "12:01:00", "12:02:00"]) {
      const [state, text] = await said(fleet, when);
      expect(state).toBe("missed");
      expect(text).toContain("was missed");
      expect(text).toContain("misfireGraceTime is 10");
      expect(text).toContain("together with 2 others");
    }
    fleet.moveTo("12:05:05");
    await fleet.work();
    const ran = (await fleet.explain("job", "12:05:00")).run;
    for (const when of ["12:03:00", "12:04:00"]) {
      const [state, text] = await said(fleet, when);
      expect(state).toBe("coalesced");
      expect(text).toContain(`merged into the run ${ran?.id}`);
    }
  });

  test("a time within a group that is no occurrence: none", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, misfireGraceTime: 10 });
    fleet.moveTo("12:02:30");
    await fleet.work();
    const [state, text] = await said(fleet, "12:01:30");
    expect(state).toBe("none");
    expect(text).toContain("not due at 2026-03-01T12:01:30.000Z");
    expect(text).toContain("the one before is 2026-03-01T12:01:00.000Z");
    expect(text).toContain("the next is 2026-03-01T12:02:00.000Z");
  });

  test("running, queued, and skipped: max-instances", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, coalesce: false });
    fleet.isHolding = true;
    fleet.moveTo("12:01:30");
    await fleet.work();
    expect(await said(fleet, "12:00:00")).toEqual([
      "running",
      expect.stringContaining("is running on worker"),
    ]);
    expect(await said(fleet, "12:01:00")).toEqual([
      "queued",
      expect.stringContaining("waits for a worker, for an earlier run"),
    ]);
    await fleet.workTo("12:02:00");
    expect(await said(fleet, "12:02:00")).toEqual([
      "skipped",
      expect.stringContaining("maxInstances runs were unfinished"),
    ]);
  });

  test("retrying: given back by a worker", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute });
    fleet.isHolding = true;
    await fleet.workTo("12:00:00");
    const runId = fleet.held[0] ?? "";
    await fleet.engine.runs.handBack({ jobId: "job", queueJobId: runId, runId, start: 1 });
    expect(await said(fleet, "12:00:00")).toEqual([
      "retrying",
      expect.stringContaining("was given back by worker"),
    ]);
  });

  test("skipped: paused, rescheduled, removed", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute });
    fleet.moveTo("12:00:30");
    await fleet.desk.pause("job", undefined);
    await fleet.desk.resume("job");
    expect((await said(fleet, "12:00:00"))[1]).toContain(
      "skipped at 2026-03-01T12:00:30.000Z: the job was paused",
    );
    fleet.moveTo("12:01:30");
    await fleet.desk.modify(
      "job",
      { trigger: "interval", minutes: 1, startDate: "2026-03-01 12:00:20" },
      "rescheduleJob",
    );
    // The schedule has changed since; the question is about an instant in the ledger.
    expect((await said(fleet, "12:01:00"))[1]).toContain("got another schedule");
    fleet.moveTo("12:02:30");
    await fleet.desk.remove("job");
    expect(await said(fleet, "12:02:20")).toEqual([
      "skipped",
      expect.stringContaining("the job was removed"),
    ]);
  });

  test("future, due, none before the job was, and paused", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute });
    expect(await said(fleet, "12:05:00")).toEqual([
      "future",
      expect.stringMatching(/has not come yet: it is due in 5 ?m/),
    ]);
    fleet.moveTo("12:00:20");
    expect(await said(fleet, "12:00:00")).toEqual([
      "due",
      expect.stringMatching(/has been due for 20 ?s.*no worker has taken it/),
    ]);
    expect((await said(fleet, "11:00:00"))[0]).toBe("none");
    await fleet.work();
    await fleet.desk.pause("job", "spring cleaning");
    expect(await said(fleet, "12:05:00")).toEqual([
      "future",
      expect.stringContaining("is paused since 2026-03-01T12:00:20.000Z (spring cleaning)"),
    ]);
    fleet.moveTo("12:01:20");
    expect((await said(fleet, "12:01:00"))[0]).toBe("due");
  });

  test("an occurrence before the job was added: none, with the reason", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 12:10:30" });
    await fleet.add({ id: "job", ...everyMinute });
    expect(await said(fleet, "12:05:00")).toEqual([
      "none",
      expect.stringContaining("did not exist at 2026-03-01T12:05:00.000Z"),
    ]);
  });

  test("unknown: no such job, or its record is gone", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, retention: { count: 1 } });
    await fleet.workTo("12:05");
    expect(await said(fleet, "12:00:00")).toEqual([
      "unknown",
      expect.stringContaining("was decided, but its record is gone: retention keeps 1 row"),
    ]);
    expect(await said(fleet, "12:00:00", "none")).toEqual([
      "unknown",
      expect.stringContaining('There is no job "none"'),
    ]);
  });

  test("a manual run by its time; an occurrence with jitter by its nominal time", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, jitter: 50 });
    await fleet.ask("job");
    await fleet.work();
    expect((await said(fleet, "11:59:59"))[1]).toContain("The manual run of");
    await fleet.workTo("12:01");
    expect((await said(fleet, "12:00:00"))[1]).toContain("(with jitter 2026-03-01T12:00:");
  });

  test("every verdict of every occurrence has an explanation of the same state", async () => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    await fleet.add({ id: "job", ...everyMinute, misfireGraceTime: 30 });
    await fleet.workTo("12:02");
    fleet.moveTo("12:05:40");
    await fleet.work();
    fleet.moveTo("12:08:10");
    await fleet.work();
    const expected = [
      "succeeded",
      "succeeded",
      "succeeded",
      "missed",
      "missed",
      "missed",
      "coalesced",
      "coalesced",
      "succeeded",
    ];
    for (const [minute, state] of expected.entries())
      expect((await said(fleet, `12:0${minute}:00`))[0]).toBe(state);
  });
});

/** Steps that lead to a state at 12:00, and the explanation then. */
interface Way {
  readonly job?: JobRules;
  /** When it was asked for. @default "12:00:00" */
  readonly when?: string;
  readonly go: (fleet: TestFleet) => Promise<unknown>;
  readonly says: string;
}

const hold = async (fleet: TestFleet): Promise<void> => {
  fleet.isHolding = true;
  await fleet.workTo("12:00:00");
};
/** An occurrence that finds another run of the job unfinished. */
const second = async (fleet: TestFleet): Promise<void> => {
  fleet.isHolding = true;
  await fleet.ask("job");
  await fleet.workTo("12:00:00");
};
const failing = async (fleet: TestFleet): Promise<void> => {
  fleet.act = () => {
    throw new Error("no luck");
  };
  await fleet.workTo("12:00:00");
};
const notDoneYet = { condition: "other.last_run_successful" } as const;
const addOther = (fleet: TestFleet) =>
  fleet.add({ id: "other", trigger: "date", runDate: "2027-01-01" });

const STATES: Readonly<Record<Exclude<Explanation["state"], "skipped">, readonly Way[]>> = {
  succeeded: [{ go: (fleet) => fleet.workTo("12:00:00"), says: "and succeeded." }],
  failed: [
    { go: failing, says: "and failed: no luck." },
    {
      job: { retry: { attempts: 2, delay: "5s" } },
      go: async (fleet) => {
        await failing(fleet);
        await fleet.workTo("12:00:10");
      },
      says: "ran in attempt 2 on worker ",
    },
  ],
  cancelled: [
    {
      job: { overlap: "queue-all" },
      go: async (fleet) => {
        await second(fleet);
        const [run] = await fleet.runs("job", { verdict: "queued" });
        await fleet.runDesk.cancel(run?.id ?? "", { reason: "not needed" });
      },
      says: "was cancelled: not needed.",
    },
    {
      job: { retry: { attempts: 2, delay: "1h" } },
      go: async (fleet) => {
        await failing(fleet);
        const [run] = await fleet.runs("job");
        await fleet.runDesk.cancel(run?.id ?? "", {});
      },
      says: "was cancelled: cancelled by cancelRun.",
    },
  ],
  missed: [
    {
      job: { misfireGraceTime: 10 },
      go: (fleet) => {
        fleet.moveTo("12:00:30");
        return fleet.work();
      },
      says: "it was too late, 30s late; misfireGraceTime is 10s.",
    },
    {
      job: { coalesce: false, maxCatchUp: 1 },
      go: (fleet) => {
        fleet.moveTo("12:01:30");
        return fleet.work();
      },
      says: "more occurrences were due at the same time than maxCatchUp (1) allows.",
    },
  ],
  coalesced: [
    {
      go: (fleet) => {
        fleet.moveTo("12:01:30");
        return fleet.work();
      },
      says: "was merged into the run job:",
    },
  ],
  queued: [
    { job: { overlap: "queue-one" }, go: second, says: "waits for a worker, for an earlier run" },
    {
      job: { ...notDoneYet, conditionPolicy: { wait: "1h" } },
      go: (fleet) => fleet.workTo("12:00:00"),
      says: "waits for its condition to become true, until 2026-03-01T13:00:00.000Z at the latest.",
    },
  ],
  running: [{ go: hold, says: "is running on worker " }],
  retrying: [
    {
      job: { retry: { attempts: 2, delay: "5s" } },
      go: failing,
      says: "and will be retried: no luck.",
    },
    {
      go: async (fleet) => {
        await hold(fleet);
        const [queueJobId = ""] = fleet.held;
        await fleet.engine.runs.handBack({ jobId: "job", queueJobId, runId: queueJobId, start: 1 });
      },
      says: "was given back by worker ",
    },
  ],
  sleeping: [
    {
      go: async (fleet) => {
        fleet.act = ({ sleep }) => sleep("1h");
        await fleet.workTo("12:00:00");
      },
      says: "is sleeping, as its pipeline requested, and will continue later.",
    },
  ],
  due: [
    {
      go: (fleet) => Promise.resolve(fleet.moveTo("12:00:20")),
      says: "has been due for 20s and no worker has taken it yet.",
    },
  ],
  future: [
    { go: () => Promise.resolve(), says: "has not come yet: it is due in 1s." },
    { go: (fleet) => fleet.desk.pause("job", "why not"), says: "The job is paused since " },
    {
      go: (fleet) => fleet.skip("job", "12:00:00", "stocktaking"),
      says: 'will be skipped: on 2026-03-01T11:59:59.000Z user "ana" asked for that: stocktaking.',
    },
  ],
  none: [
    { when: "12:00:30", go: () => Promise.resolve(), says: "The job was not due at " },
    { when: "11:00:00", go: () => Promise.resolve(), says: "The job was not due at " },
  ],
  unknown: [
    {
      job: { retention: { count: 1 } },
      go: (fleet) => fleet.workTo("12:05"),
      says: "was decided, but its record is gone",
    },
    {
      go: async (fleet) => {
        await fleet.desk.remove("job");
      },
      says: 'There is no job "job" and no record of it',
    },
  ],
};

const SKIPPED: Readonly<Record<SkipReason, readonly Way[]>> = {
  requested: [
    {
      go: async (fleet) => {
        await fleet.skip("job", "12:00:00", "stocktaking");
        await fleet.workTo("12:00:30");
      },
      says: 'user "ana" asked for that: stocktaking.',
    },
  ],
  "max-instances": [
    { go: second, says: "maxInstances runs were unfinished." },
    {
      job: { overlap: "queue-all", maxCatchUp: 1 },
      when: "12:01:00",
      go: async (fleet) => {
        await second(fleet);
        await fleet.workTo("12:01:00");
      },
      says: "maxInstances runs were unfinished.",
    },
  ],
  condition: [
    {
      job: notDoneYet,
      go: (fleet) => fleet.workTo("12:00:00"),
      says: "its condition was false: other.last_run_successful is false, no run of other has finished yet.",
    },
    {
      job: { ...notDoneYet, conditionPolicy: { wait: "10s" } },
      go: (fleet) => fleet.workTo("12:00:30"),
      says: "its condition was false: other.last_run_successful is false, no run of other has finished yet.",
    },
    {
      job: notDoneYet,
      go: async (fleet) => {
        await fleet.workTo("12:00:00");
        await fleet.desk.modify("job", { condition: null }, "modifyJob");
      },
      says: "its condition at that time was false.",
    },
  ],
  paused: [
    {
      go: async (fleet) => {
        fleet.moveTo("12:00:30");
        await fleet.desk.pause("job", undefined);
        await fleet.desk.resume("job");
      },
      says: "the job was paused.",
    },
  ],
  removed: [
    {
      go: async (fleet) => {
        fleet.moveTo("12:00:30");
        await fleet.desk.remove("job");
      },
      says: "the job was removed.",
    },
  ],
  rescheduled: [
    {
      go: async (fleet) => {
        fleet.moveTo("12:00:30");
        await fleet.desk.modify("job", { trigger: "cron", minute: 15 }, "rescheduleJob");
      },
      says: "the job got another schedule before a worker took this occurrence.",
    },
  ],
  "overlap-replaced": [
    {
      job: { overlap: "queue-one" },
      go: async (fleet) => {
        await second(fleet);
        await fleet.workTo("12:01:00");
      },
      says: "a later run replaced it.",
    },
    {
      job: { overlap: "cancel-running" },
      go: async (fleet) => {
        await second(fleet);
        await fleet.workTo("12:01:00");
      },
      says: "a later run replaced it.",
    },
  ],
};

function waysOf(table: Readonly<Record<string, readonly Way[]>>) {
  return Object.entries(table).flatMap(([name, ways]) =>
    ways.map((way, index) => ({ name, way, title: `${name} ${index + 1}` })),
  );
}

async function explained(fleet: TestFleet, way: Way): Promise<Explanation> {
  await addOther(fleet);
  await fleet.add({ id: "job", ...everyMinute, ...way.job });
  await way.go(fleet);
  const explanation = await fleet.explain("job", way.when ?? "12:00:00");
  expect(explanation.text).toContain(way.says);
  return explanation;
}

describe("explain: each state and each reason, with its words", () => {
  test("none is left out", () => {
    const others = ["skipped", "due", "future", "none", "unknown"];
    expect([...Object.keys(STATES), "skipped"].toSorted()).toEqual(
      [...new Set([...VERDICTS, ...OPEN_STATES, ...others])].toSorted(),
    );
    expect(Object.keys(SKIPPED).toSorted()).toEqual(SKIP_REASONS.toSorted());
  });

  test.each(waysOf(STATES))("$title", async ({ name, way }) => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    const { state, run } = await explained(fleet, way);
    expect(state).toBe(name);
    const isRecorded = [...VERDICTS, ...OPEN_STATES].some((known) => known === name);
    expect(run?.verdict).toBe(isRecorded ? name : undefined);
  });

  test.each(waysOf(SKIPPED))("skipped: $title", async ({ name, way }) => {
    await using fleet = await TestFleet.open({ start: "2026-03-01 11:59:59" });
    const { state, run, text, terms } = await explained(fleet, way);
    expect([state, run?.verdict, run?.reason]).toEqual(["skipped", "skipped", name]);
    expect(terms?.map(({ value }) => value)).toEqual(
      text.includes("is false") ? [false] : undefined,
    );
  });
});
