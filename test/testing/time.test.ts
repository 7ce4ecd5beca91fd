// A test scheduler moves its time as far as asked, and everything happens on the way, in order.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineJob, Pipeline, type PipelineScheduler } from "../../src/index.ts";
import { createTestScheduler } from "../../src/testing.ts";

class Nightly extends Pipeline {
  run({ fireTime }: this["Context"]) {
    return { day: fireTime.toISOString().slice(0, 10) };
  }
}
const nothing = defineJob({ name: "nothing", run: () => undefined });

const iso = (times: readonly (Date | undefined)[]) => times.map((time) => time?.toISOString());

test("the example: two nights around the change to summer time", async () => {
  const t = await createTestScheduler({ pipelines: [Nightly], now: "2027-03-27T00:00Z" });
  await t.addJob(Nightly, {
    id: "nightly",
    trigger: "cron",
    hour: 2,
    minute: 30,
    timezone: "Europe/Berlin",
  });
  await t.advanceTo("2027-03-29T00:00Z"); // runs everything in order, async pipelines included
  expect(t.runs("nightly")).toHaveLength(2);
  t.assertAllAccountedFor(); // every nominal time has exactly one verdict

  const runs = t.runs<typeof Nightly>("nightly");
  expect(runs.map(({ result }) => result)).toEqual([{ day: "2027-03-27" }, { day: "2027-03-28" }]);
  // 2:30 does not exist on the 28th: the first instant after the gap.
  expect(iso(runs.map(({ startedAt }) => startedAt))).toEqual([
    "2027-03-27T01:30:00.000Z",
    "2027-03-28T01:00:00.000Z",
  ]);
  expect(t.now().toISOString()).toBe("2027-03-29T00:00:00.000Z");
  await t.close();
});

test("the clock that goes back fires a fixed hour once, and every elapsed hour of a wildcard", async () => {
  await using t = await createTestScheduler({
    pipelines: [nothing],
    now: "2027-10-30T22:00Z",
    timezone: "Europe/Berlin",
  });
  await t.addJob(nothing, { id: "once", trigger: "cron", hour: 2, minute: 30 });
  await t.addJob(nothing, { id: "hourly", trigger: "cron", minute: 0 });
  await t.addJob(nothing, { id: "wall", trigger: "cron", hour: 2, minute: 30, dst: "wall-clock" });
  await t.advanceTo("2027-10-31T05:00Z");
  expect(iso(t.runs("once").map(({ fireTime }) => fireTime))).toEqual(["2027-10-31T00:30:00.000Z"]);
  expect(t.runs("wall")).toHaveLength(2);
  expect(t.runs("hourly")).toHaveLength(8);
  t.assertAllAccountedFor();
});

test("it is a PipelineScheduler, for the code that declares jobs", async () => {
  const declare = async (scheduler: PipelineScheduler): Promise<void> => {
    await scheduler.schedule("every 10 minutes", nothing);
  };
  await using t = await createTestScheduler({ pipelines: [nothing] });
  await declare(t);
  const { jobs } = await t.getJobs();
  await t.advanceBy(3_600);
  expect(t.runs(jobs[0]?.id ?? "")).toHaveLength(6);
});

test("retries follow after their delays, sleeps free the worker, and the ledger shows both", async () => {
  const flaky = defineJob({
    name: "flaky",
    run: ({ attempt }) => {
      if (attempt < 3) throw new Error(`attempt ${attempt}`);
      return "done";
    },
  });
  const sleepy = defineJob({
    name: "sleepy",
    run: async ({ step, sleep, attempt }) => {
      const first = await step("first", () => 1);
      await sleep("2h");
      return { first, attempt };
    },
  });
  await using t = await createTestScheduler({
    pipelines: [flaky, sleepy],
    now: "2027-01-01T00:00Z",
    worker: { concurrency: 1 },
  });
  await t.addJob(flaky, {
    id: "flaky",
    trigger: "date",
    runDate: "2027-01-01T01:00Z",
    retry: { attempts: 3, delay: "10m", backoff: "fixed", jitter: 0 },
  });
  await t.addJob(sleepy, { id: "sleepy", trigger: "date", runDate: "2027-01-01T01:00Z" });
  await t.advanceTo("2027-01-01T01:00Z");
  expect(t.runs("flaky")).toMatchObject([{ verdict: "retrying", attempt: 1 }]);
  expect(t.runs("sleepy")).toMatchObject([{ verdict: "sleeping" }]);
  await t.advanceBy("20m");
  expect(t.runs("flaky")).toMatchObject([{ verdict: "succeeded", attempt: 3, result: "done" }]);
  await t.advanceTo("2027-01-01T03:00Z");
  expect(t.runs("sleepy")).toMatchObject([
    { verdict: "succeeded", attempt: 1, result: { first: 1, attempt: 1 } },
  ]);
  t.assertAllAccountedFor();
});

test("waits within a run are passed: short sleeps, and the retries of a step", async () => {
  const waiting = defineJob({
    name: "waiting",
    run: async ({ step, sleep }) => {
      await sleep("1.5s");
      return step(
        "third",
        ({ number }) => (number < 3 ? Promise.reject(new Error("no")) : number),
        {
          retries: { attempts: 3, delay: "30s", backoff: "fixed" },
        },
      );
    },
  });
  await using t = await createTestScheduler({ pipelines: [waiting], now: "2027-01-01T00:00Z" });
  await t.addJob(waiting, { id: "waiting", trigger: "date", runDate: "2027-01-01T00:01Z" });
  await t.advanceBy("5m");
  expect(t.runs("waiting")).toMatchObject([
    { verdict: "succeeded", result: 3, durationMs: 61_500 },
  ]);
});

describe("a run that hangs", () => {
  const hangs = defineJob({ name: "hangs", run: () => new Promise(() => undefined) });

  test("ends by its timeout, in virtual time", async () => {
    await using t = await createTestScheduler({
      pipelines: [hangs],
      patience: "30ms",
      now: "2027-01-01T00:00Z",
    });
    await t.addJob(hangs, {
      id: "hangs",
      trigger: "date",
      runDate: "2027-01-01T01:00Z",
      timeout: "10m",
    });
    await t.advanceBy("2h");
    const [run] = t.runs("hangs");
    expect(run).toMatchObject({ verdict: "failed", error: { code: "RUN_TIMED_OUT" } });
    expect(run?.durationMs).toBeGreaterThanOrEqual(600_000);
    expect(run?.durationMs).toBeLessThanOrEqual(604_000);
  });

  test("without a timeout says so by an error", async () => {
    await using t = await createTestScheduler({ pipelines: [hangs], patience: "30ms" });
    await t.addJob(hangs, { id: "hangs", trigger: "interval", hours: 1 });
    await expect(t.advanceBy("2h")).rejects.toMatchObject({
      code: "RUN_STUCK",
      data: { jobId: "hangs" },
    });
  });

  test("in a step ends by the step's timeout", async () => {
    const inStep = defineJob({
      name: "in-step",
      run: ({ step }) => step("wait", () => new Promise(() => undefined), { timeout: "5m" }),
    });
    await using t = await createTestScheduler({ pipelines: [inStep], patience: "30ms" });
    await t.addJob(inStep, { id: "in-step", trigger: "interval", hours: 1 });
    await t.advanceBy("90m");
    expect(t.runs("in-step")).toMatchObject([
      { verdict: "failed", error: { code: "STEP_TIMED_OUT" } },
    ]);
  });

  test("can be cancelled", async () => {
    const patient = defineJob({
      name: "patient",
      run: ({ signal, sleep }) => Promise.race([sleep(1.9), aborted(signal)]),
    });
    await using t = await createTestScheduler({ pipelines: [patient], now: "2027-01-01T00:00Z" });
    await t.addJob(patient, { id: "patient", trigger: "manual" });
    const runId = await t.runJob("patient");
    await t.advanceBy("1s");
    expect(await t.cancelRun(runId)).toBe("asked");
    await t.advanceBy("1m");
    expect(t.runs("patient")).toMatchObject([{ verdict: "cancelled" }]);
  });
});

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

test("real work is waited for at each instant", async () => {
  const folder = await mkdtemp(join(tmpdir(), "cronduit-kit-"));
  const file = join(folder, "count");
  await writeFile(file, "0");
  const counts = defineJob({
    name: "counts",
    run: async () => {
      const count = Number(await readFile(file, "utf8"));
      await delay(5);
      await writeFile(file, String(count + 1));
      return count + 1;
    },
  });
  await using t = await createTestScheduler({ pipelines: [counts] });
  await t.addJob(counts, { id: "counts", trigger: "interval", minutes: 1 });
  await t.advanceBy("10m");
  expect(t.runs("counts").map(({ result }) => result)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  await rm(folder, { recursive: true });
});

test("runNext goes from one thing to the next", async () => {
  await using t = await createTestScheduler({ pipelines: [nothing], now: "2027-01-01T00:00Z" });
  await t.addJob(nothing, { id: "a", trigger: "date", runDate: "2027-02-01T00:00Z" });
  await t.addJob(nothing, { id: "b", trigger: "date", runDate: "2027-03-01T00:00Z" });
  expect((await t.runNext()).map(({ jobId, verdict }) => [jobId, verdict])).toEqual([
    ["a", "succeeded"],
  ]);
  expect(t.now().toISOString()).toBe("2027-02-01T00:00:00.000Z");
  expect((await t.runNext()).map(({ jobId }) => jobId)).toEqual(["b"]);
  expect(await t.runNext()).toEqual([]);
});

test("a call that waits for a run moves the time as far as that needs", async () => {
  const Params = z.object({ minutes: z.number() });
  class Wait extends Pipeline.with(Params) {
    async run({ params, sleep, log }: this["Context"]) {
      await sleep(`${params.minutes}m`);
      log.info("awake");
      return params.minutes;
    }
  }
  await using t = await createTestScheduler({ pipelines: [Wait], now: "2027-01-01T00:00Z" });
  const job = await t.addJob(Wait, { id: "wait", trigger: "manual", params: { minutes: 30 } });
  const run = await job.run({ wait: "2h" });
  expect(run).toMatchObject({ verdict: "succeeded", result: 30 });
  expect(t.now().getTime()).toBeGreaterThanOrEqual(Date.parse("2027-01-01T00:30Z"));
  const runId = await t.runJob<typeof Wait>("wait", { params: { minutes: 1 } });
  const lines: string[] = [];
  for await (const { message } of t.followLogs(runId)) lines.push(message);
  expect(lines).toEqual(["awake"]);
});

test("a year of an hourly job, with all its occurrences accounted for though the ledger keeps 1,000", async () => {
  await using t = await createTestScheduler({ pipelines: [nothing], now: "2027-01-01T00:00Z" });
  await t.addJob(nothing, { id: "hourly", trigger: "cron", minute: 0 });
  const heard = { count: 0 };
  t.on("JOB_EXECUTED", () => void (heard.count += 1));
  await t.advanceTo("2028-01-01T00:00Z");
  expect(heard.count).toBe(8_761);
  expect(t.runs("hourly").length).toBeLessThanOrEqual(1_000);
  t.assertAllAccountedFor();
  // Its worker is known to be alive, although its heartbeats were passed over.
  expect(await t.getWorkers()).toHaveLength(1);
});

test("many at once in one process, each with its own time", async () => {
  const days = Array.from({ length: 20 }, (_, i) => i + 1);
  const counts = await Promise.all(
    days.map(async (day) => {
      await using t = await createTestScheduler({
        pipelines: [Nightly],
        now: `2027-01-${String(day).padStart(2, "0")}T00:00Z`,
      });
      await t.addJob(Nightly, { id: "nightly", trigger: "cron", hour: 3 });
      await t.advanceBy(`${day}d`);
      t.assertAllAccountedFor();
      return t.runs("nightly").length;
    }),
  );
  expect(counts).toEqual(days);
});

test("what makes no sense is refused", async () => {
  await using t = await createTestScheduler({ pipelines: [nothing], now: "2027-01-01T00:00Z" });
  await expect(t.advanceTo("2026-01-01")).rejects.toMatchObject({ code: "INVALID_OPTION" });
  await expect(t.advanceBy("soon")).rejects.toMatchObject({ code: "INVALID_OPTION" });
  await expect(
    // @ts-expect-error a test has no server
    createTestScheduler({ connection: "redis://127.0.0.1" }),
  ).rejects.toThrow('option "connection"');
  const inside = defineJob({ name: "inside", run: () => u.advanceBy("1h") });
  await using u = await createTestScheduler({ pipelines: [inside] });
  await u.addJob(inside, { id: "inside", trigger: "manual" });
  expect(await u.runJob("inside", { wait: true })).toMatchObject({
    verdict: "failed",
    error: { code: "INVALID_STATE" },
  });
});
