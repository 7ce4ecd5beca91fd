import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import {
  type Job,
  type JobToAdd,
  type StoredResult,
  lineLogger,
  Pipeline,
  PipelineScheduler,
} from "../../src/index.ts";

const Region = z.object({ region: z.string() });
const Limit = z.object({ limit: z.number().default(1) });

class A extends Pipeline.with(Region) {
  run({ params }: this["Context"]): string {
    return params.region;
  }
}
class B extends Pipeline.with(Limit) {
  run({ params }: this["Context"]): number {
    return params.limit;
  }
}
class Plain extends Pipeline {
  run({ params }: this["Context"]): unknown {
    return params;
  }
}

const logger = lineLogger("error");
const once = { trigger: "date", runDate: "2999-01-01" } as const;

function made(): PipelineScheduler {
  return new PipelineScheduler({ pipelines: [A, B, Plain], logger });
}

test("addJobs checks each entry's params by its own pipeline", async () => {
  await using scheduler = made();
  const ids = await scheduler.addJobs([
    { pipeline: A, options: { trigger: "cron", hour: 1, params: { region: "eu" } } },
    { pipeline: B, options: { trigger: "interval", hours: 1 } },
    { pipeline: new B(), options: { ...once, id: "b", params: { limit: 2 } } },
    { pipeline: Plain, options: { ...once, id: "plain", params: ["any", "json"] } },
    { pipeline: "A", options: { ...once, id: "named", params: { region: "us" } } },
  ]);
  expect(ids).toHaveLength(5);
  const list: JobToAdd[] = ids.map((id) => ({
    pipeline: A,
    options: { ...once, id, replaceExisting: true, params: { region: "eu" } },
  }));
  await scheduler.addJobs(list);
  const calls = [
    // @ts-expect-error -- a region is a text
    () => scheduler.addJobs([{ pipeline: A, options: { ...once, params: { region: 1 } } }]),
    // @ts-expect-error -- the region is missing
    () => scheduler.addJobs([{ pipeline: A, options: { ...once, params: {} } }]),
    () =>
      scheduler.addJobs([
        { pipeline: A, options: { ...once, params: { region: "eu" } } },
        // @ts-expect-error -- those of the other pipeline
        { pipeline: B, options: { ...once, params: { limit: "eu" } } },
      ]),
    // @ts-expect-error -- params are missing
    () => scheduler.addJobs([{ pipeline: A, options: once }]),
  ];
  for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "INVALID_PARAMS" });
});

test("a job that was added knows what its pipeline takes", async () => {
  await using scheduler = made();
  await scheduler.start();
  const job = await scheduler.addJob(A, { ...once, id: "a", params: { region: "eu" } });
  expectTypeOf(job).toEqualTypeOf<Job<typeof Region, StoredResult<string>>>();
  expectTypeOf(job).toExtend<Job>();
  const later = await scheduler.schedule("every 24 hours", A, { region: "eu" });
  expectTypeOf(later).toEqualTypeOf<Job<typeof Region, StoredResult<string>>>();
  const changed = await job.modify({ params: { region: "us" }, maxInstances: 2 });
  expectTypeOf(await changed.pause()).toEqualTypeOf<Job<typeof Region, StoredResult<string>>>();
  expect(await job.run({ params: { region: "asia" }, wait: "30s" })).toMatchObject({
    result: "asia",
  });
  expect(await job.run({ wait: "30s" })).toMatchObject({ result: "us" });
  const refused = [
    // @ts-expect-error -- a region is a text
    () => job.run({ params: { region: 1 } }),
    // @ts-expect-error -- a region is a text
    () => job.run({ params: { region: 1 }, wait: true }),
    // @ts-expect-error -- a region is a text
    () => job.modify({ params: { region: 1 } }),
    // @ts-expect-error -- a region is a text
    async () => (await job.resume()).run({ params: { region: 1 } }),
  ];
  for (const call of refused)
    await expect(call()).rejects.toMatchObject({ code: "INVALID_PARAMS" });
});

test("runJob, modifyJob and getJob are told the pipeline by a type", async () => {
  await using scheduler = made();
  await scheduler.start();
  await scheduler.addJob(A, { ...once, id: "a", params: { region: "eu" } });
  await scheduler.modifyJob<typeof A>("a", { params: { region: "us" } });
  const run = await scheduler.runJob<typeof A>("a", { params: { region: "asia" }, wait: "30s" });
  expect(run).toMatchObject({ result: "asia" });
  expectTypeOf(await scheduler.getJob<typeof A>("a")).toEqualTypeOf<
    Job<typeof Region, StoredResult<string>> | undefined
  >();
  // Without one, the compiler knows nothing of the params, and the scheduler checks them.
  const unknown: unknown = { region: "eu" };
  await scheduler.runJob("a", { params: unknown });
  const refused = [
    // @ts-expect-error -- a region is a text
    () => scheduler.runJob<typeof A>("a", { params: { region: 1 } }),
    // @ts-expect-error -- a region is a text
    () => scheduler.runJob<typeof A>("a", { params: { region: 1 }, wait: true }),
    // @ts-expect-error -- a region is a text
    () => scheduler.modifyJob<typeof A>("a", { params: { region: 1 } }),
    () => scheduler.modifyJob("a", { params: { region: 1 } }),
    () => scheduler.runJob("a", { params: { region: 1 } }),
  ];
  for (const call of refused)
    await expect(call()).rejects.toMatchObject({ code: "INVALID_PARAMS" });
});

test("params that the compiler lets one leave out may be left out", async () => {
  class Optional extends Pipeline.with(Limit.optional()) {
    run({ params }: this["Context"]): unknown {
      return params?.limit ?? "none";
    }
  }
  class Preset extends Pipeline.with(Limit.default({ limit: 7 })) {
    run({ params }: this["Context"]): number {
      return params.limit;
    }
  }
  class Piped extends Pipeline.with(Limit.transform(async ({ limit }) => limit + 1)) {
    run({ params }: this["Context"]): number {
      return params;
    }
  }
  const pipelines = [B, Optional, Preset, Piped] as const;
  await using scheduler = new PipelineScheduler({ pipelines, logger });
  await scheduler.start();
  const jobs = [
    await scheduler.addJob(B, once),
    await scheduler.addJob(Optional, once),
    await scheduler.addJob(Preset, once),
    await scheduler.schedule("every 24 hours", Piped),
  ];
  const results: unknown[] = [];
  for (const job of jobs) results.push((await job.run({ wait: "60s" })).result);
  expect(results).toEqual([1, "none", 7, 2]);
});
