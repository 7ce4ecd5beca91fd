import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { lineLogger, Pipeline, PipelineScheduler } from "../../src/index.ts";

class Noop extends Pipeline {
  run(): unknown {
    return undefined;
  }
}
const logger = lineLogger("error");
const hourly = { id: "job", trigger: "interval", hours: 1 } as const;

test("a job that was added or read does what the scheduler's methods do with it", async () => {
  await using scheduler = new PipelineScheduler({ pipelines: [Noop], logger });
  await scheduler.start();
  const job = await scheduler.addJob(Noop, hourly);
  expect(await job.pause("why not")).toMatchObject({ state: "paused", pausedReason: "why not" });
  expect(job.state).toBe("active");
  expect((await job.resume()).state).toBe("active");
  expect((await job.modify({ maxInstances: 2 })).policy.maxInstances).toBe(2);
  const rescheduled = await (
    await scheduler.getJob("job")
  )?.reschedule({
    trigger: "interval",
    hours: 2,
  });
  expect(rescheduled?.schedule).toContain("2h");
  const [listed] = (await scheduler.getJobs()).jobs;
  expect(await listed?.run({ wait: "30s" })).toMatchObject({ verdict: "succeeded" });
  expect(await scheduler.getRun((await listed?.run()) ?? "")).toMatchObject({ trigger: "manual" });
  await listed?.remove();
  expect(await scheduler.getJob("job")).toBeUndefined();
  await expect(job.pause()).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
});

test("a job is compared, printed, copied and sent by its fields alone", async () => {
  await using scheduler = new PipelineScheduler({ pipelines: [Noop], logger, worker: false });
  const job = await scheduler.addJob(Noop, hourly);
  const again = await scheduler.getJob("job");
  expect(again).toStrictEqual(job);
  expect(isDeepStrictEqual({ ...job }, job)).toBe(true);
  expect(structuredClone(job)).toEqual(job);
  expect(Object.keys(job)).not.toContain("pause");
  expect(JSON.stringify(job)).toBe(JSON.stringify({ ...job }));
});

describe("jobDefaults", () => {
  test("hold for jobs that do not say otherwise", async () => {
    await using scheduler = new PipelineScheduler({
      pipelines: [Noop],
      logger,
      worker: false,
      jobDefaults: { maxInstances: 3, misfireGraceTime: "1h", retry: 4, coalesce: false },
    });
    const plain = await scheduler.addJob(Noop, hourly);
    expect(plain.policy).toMatchObject({
      maxInstances: 3,
      misfireGraceMs: 3_600_000,
      coalesce: false,
      retry: { attempts: 4 },
    });
    const own = await scheduler.addJob(Noop, {
      ...hourly,
      id: "own",
      maxInstances: 1,
      misfireGraceTime: null,
      retry: null,
    });
    expect(own.policy).toMatchObject({
      maxInstances: 1,
      misfireGraceMs: null,
      retry: null,
      coalesce: false,
    });
    // The same declaration under them is a repetition.
    expect((await scheduler.addJob(Noop, hourly)).revision).toBe(plain.revision);
    expect((await scheduler.modifyJob("job", { tags: ["x"] })).policy).toEqual(plain.policy);
  });

  test.each([
    [{ maxInstance: 2 }, 'unknown option "maxInstance". Did you mean "maxInstances"?'],
    [{ maxInstances: 0 }, "jobDefaults.maxInstances"],
    [{ misfireGraceTime: 30_000 }, '"30s"'],
    [{ id: "x" }, 'unknown option "id"'],
    [{ trigger: "cron" }, 'unknown option "trigger"'],
  ])("%j is refused as the scheduler is made", (jobDefaults, what) => {
    expect(() => new PipelineScheduler({ jobDefaults: jobDefaults as never, logger })).toThrow(
      what,
    );
  });
});
