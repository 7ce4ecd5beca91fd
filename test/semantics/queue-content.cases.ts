import { TESTER } from "../helpers/tester.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { queueJobIdOf } from "../../src/jobs/occurrence-id.ts";
import { TestFleet } from "../helpers/test-fleet.ts";
import "../helpers/seed.ts";

const yearly = { trigger: "cron", month: 1, day: 1, hour: 0, minute: 0 } as const;
const everyMinute = { trigger: "interval", minutes: 1, startDate: "2026-03-01 11:00" } as const;

/** The queue jobs that the stored state requires, as far as their ids are known; and how many wake-ups and backfilled ones. */
async function needed(fleet: TestFleet) {
  const ids: string[] = [];
  let [calls, backfilled] = [0, 0];
  const { jobs } = await fleet.engine.transfer.exportJobs(undefined, 10_000);
  for (const { owner, requests } of jobs) {
    ids.push(...requests.map(({ runId }) => runId));
    const isPaused = owner.kind === "job" && owner.state === "paused";
    for (const run of owner.runs) {
      const waitsForJob = isPaused && run.suspended?.kind === "retry" && run.kind === "scheduled";
      const goesOn = (run.suspended !== undefined && !waitsForJob) || run.isHandedBack;
      if (goesOn) ids.push(run.queueJobId);
    }
    if (owner.kind !== "job") continue;
    const stored = await fleet.find(owner.definition.id);
    if (stored?.state === "active" && stored.nextFireAt !== null) {
      const { definition, generation, nextFireAt } = stored;
      const name = { jobId: definition.id, kind: "occurrence", sequence: generation } as const;
      ids.push(queueJobIdOf({ ...name, fireAt: nextFireAt }));
    }
    if (owner.queued.length > 0) calls += 1;
    const { backfill } = owner;
    if (backfill?.state !== "active") continue;
    const running = owner.runs.filter(({ kind }) => kind === "backfill").length;
    backfilled += Math.min(backfill.fireTimes.length, backfill.concurrency - running);
  }
  return { ids: ids.toSorted(), calls, backfilled };
}

/** How BullMQ's own keys or tables differ from that. */
async function difference(fleet: TestFleet) {
  const { ids, calls, backfilled } = await needed(fleet);
  const there = await fleet.queueJobs();
  const others = there.filter((id) => !ids.includes(id));
  const callsThere = others.filter((id) => /:c\d+:\d+$/.test(id));
  const backfilledThere = others.filter((id) => /:b\d+:\d+$/.test(id));
  const unneeded = others.filter((id) => !callsThere.includes(id) && !backfilledThere.includes(id));
  return {
    unneeded: [...unneeded, ...callsThere.slice(calls)],
    missing: ids.filter((id) => !there.includes(id)),
    backfilled: backfilledThere.length - backfilled,
  };
}

const NONE = { unneeded: [], missing: [], backfilled: 0 };

const JOBS = ["a", "b"] as const;
const STEPS = [
  "add",
  "replace",
  "pause",
  "resume",
  "reschedule",
  "modify",
  "remove",
  "removeAll",
  "run",
  "cancel",
  "backfill",
  "pause backfill",
  "resume backfill",
  "cancel backfill",
  "pass",
  "work",
  "release",
  "fail",
  "hold",
] as const;
type StepName = (typeof STEPS)[number];

const KINDS = [
  { ...everyMinute },
  { ...everyMinute, coalesce: false, maxInstances: 2 },
  { ...everyMinute, overlap: "queue-all" },
  { ...everyMinute, overlap: "cancel-running", retry: { attempts: 3, delay: "2m" } },
  { ...everyMinute, retry: { attempts: 3, delay: "90s" }, pauseAfterFailures: 1 },
  { ...everyMinute, jitter: "50s", maxInstances: 3 },
  { trigger: "date", runDate: "2026-03-01 12:01" },
  yearly,
] as const;

/** Performs one action of users or of time; one that is impossible now is refused and changes nothing. */
async function perform(fleet: TestFleet, step: StepName, id: string, pick: number): Promise<void> {
  const { backfills } = fleet;
  const options = { id, ...KINDS[pick % KINDS.length] } as Parameters<TestFleet["add"]>[0];
  const { id: _, ...timing } = pick % 2 === 0 ? { id, ...everyMinute } : { id, ...yearly };
  switch (step) {
    case "add":
      return void (await fleet.add(options));
    case "replace":
      return void (await fleet.add({ ...options, replaceExisting: true }));
    case "pause":
      return void (await fleet.desk.pause(id, undefined));
    case "resume":
      return void (await fleet.desk.resume(id));
    case "reschedule":
      return void (await fleet.desk.modify(id, timing, "rescheduleJob"));
    case "modify":
      return void (await fleet.desk.modify(id, { maxInstances: 1 + (pick % 3) }, "modifyJob"));
    case "remove":
      return fleet.desk.remove(id);
    case "removeAll":
      return void (await fleet.desk.removeAll());
    case "run":
      return void (await fleet.ask(id));
    case "cancel": {
      const open = await fleet.engine.ledger.readOpenRuns(id);
      const run = open[pick % Math.max(1, open.length)];
      if (run)
        await fleet.engine.requests.cancel({
          by: TESTER,
          jobId: id,
          runId: run.id,
          reason: "test",
        });
      return;
    }
    case "backfill": {
      const range = { from: "2026-03-01 11:30", to: "2026-03-01 11:40" };
      return void (await backfills.start(id, { ...range, concurrency: 1 + (pick % 3) }));
    }
    case "pause backfill":
    case "resume backfill":
    case "cancel backfill":
      return backfills.change(id, step.split(" ")[0] as "pause" | "resume" | "cancel");
    case "pass":
      return fleet.moveTo(fleet.now + pick * 7_000);
    case "work":
      return fleet.work();
    case "hold":
      fleet.isHolding = !fleet.isHolding;
      return;
    case "release":
    case "fail": {
      const { held } = fleet;
      fleet.act = () => {
        if (pick % 2 === 0) throw new Error("on purpose");
      };
      const run = held[pick % Math.max(1, held.length)];
      if (run !== undefined)
        await fleet.release(run, step === "fail" ? { success: false } : "done");
    }
  }
}

describe("the queue holds what the jobs need, and nothing else", () => {
  test("jobs that are added, changed and removed leave nothing", async () => {
    await using fleet = await TestFleet.open();
    for (let i = 0; i < 20; i += 1) {
      await fleet.add({ id: "job", ...yearly });
      await fleet.desk.pause("job", undefined);
      await fleet.desk.resume("job");
      await fleet.desk.modify("job", { ...everyMinute, startDate: "2027-01-01" }, "rescheduleJob");
      await fleet.add({ id: "job", ...yearly, hour: 3, replaceExisting: true });
      expect(await fleet.queueJobs()).toHaveLength(1);
      await fleet.ask("job");
      await fleet.desk.remove("job");
    }
    expect(await fleet.queueJobs()).toEqual([]);
  });

  test("a run that was asked for, and is cancelled, leaves nothing", async () => {
    await using fleet = await TestFleet.open();
    await fleet.add({ id: "job", ...yearly });
    const [next] = await fleet.queueJobs();
    const runId = await fleet.ask("job");
    await fleet.engine.requests.cancel({ by: TESTER, jobId: "job", runId, reason: "test" });
    expect(await fleet.queueJobs()).toEqual([next]);
  });

  test("removeAllJobs of many leaves nothing", async () => {
    await using fleet = await TestFleet.open();
    await fleet.desk.add(
      Array.from({ length: 300 }, (_, i) => ({
        pipeline: fleet.Work,
        options: { id: `job-${i}`, ...yearly },
      })),
    );
    expect(await fleet.queueJobs()).toHaveLength(300);
    await fleet.desk.removeAll();
    expect(await fleet.queueJobs()).toEqual([]);
  });

  test("after any sequence of calls", async () => {
    let looked = 0;
    const step = fc.record({
      step: fc.constantFrom(...STEPS),
      id: fc.constantFrom(...JOBS),
      pick: fc.nat({ max: 23 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        await using fleet = await TestFleet.open();
        for (const id of JOBS) await perform(fleet, "add", id, steps.length);
        const done: string[] = [];
        for (const { step: name, id, pick } of steps) {
          done.push(`${name} ${id} ${pick}`);
          try {
            await perform(fleet, name, id, pick);
          } catch (error) {
            if (!isRefusal(error)) throw error;
          }
          const found = await difference(fleet);
          looked += 1;
          expect({ after: done, ...found }).toEqual({ after: done, ...NONE });
        }
      }),
      { numRuns: 25 },
    );
    expect(looked).toBeGreaterThan(200);
  });
});

/** Errors for what a job's state doesn't allow. */
function isRefusal(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? "";
  return ["JOB_NOT_FOUND", "INVALID_STATE", "CONFLICTING_ID", "INVALID_TRIGGER"].includes(code);
}
