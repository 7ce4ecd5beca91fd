import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  type CronduitError,
  defineJob,
  lineLogger,
  Pipeline,
  PipelineScheduler,
  PipelineWorker,
} from "../../src/index.ts";
import type { FunctionJob } from "../../src/pipeline/define-job.ts";

const Params = z.object({
  region: z.string(),
  to: z.object({ mail: z.email() }),
  n: z.int().default(1),
});
class Report extends Pipeline<typeof Params> {
  static override readonly params = Params;
  run(): unknown {
    return undefined;
  }
}

/** Once for all: a refused call stores nothing. */
let scheduler: PipelineScheduler;
beforeAll(() => {
  const logger = lineLogger("error");
  scheduler = new PipelineScheduler({ pipelines: [Report], logger, worker: false });
});
afterAll(() => scheduler.shutdown());

async function refusal(act: () => unknown): Promise<CronduitError> {
  try {
    await act();
  } catch (error) {
    return error as CronduitError;
  }
  return expect.unreachable("it was accepted");
}

describe("an option that has another name here is told by that", () => {
  test.each([
    ["tz", "timezone"],
    ["zone", "timezone"],
    ["time_zone", "timezone"],
    ["retries", "retry"],
    ["maxRetries", "retry"],
    ["attempts", "retry"],
    ["cron", "trigger"],
    ["pattern", "expression"],
    ["name", "id"],
    ["args", "params"],
    ["kwargs", "params"],
    ["data", "params"],
    ["executor", "queue"],
    ["interval", "every"],
    ["delay", "in"],
    ["misfire_grace_time", "misfireGraceTime"],
    ["run_date", "runDate"],
    ["when", "runDate"],
    ["concurrency", "maxInstances"],
    ["paused", "nextRunTime"],
    ["misfireGraceTim", "misfireGraceTime"],
  ])("%s is %s", async (name, suggestion) => {
    const { code, message, data } = await refusal(() =>
      scheduler.addJob("Report", { trigger: "interval", hours: 1, [name]: "x" } as never),
    );
    expect(code).toBe("INVALID_OPTION");
    expect(message).toContain(`addJob: unknown option "${name}". Did you mean "${suggestion}"?`);
    expect(data).toMatchObject({ path: name, suggestion });
  });

  test("and how it is written, where that differs", async () => {
    const told = async (options: object) =>
      (await refusal(() => scheduler.addJob("Report", options as never))).message;
    expect(await told({ cron: "0 9 * * *" })).toContain('trigger: trigger.cron("0 9 * * *")');
    expect(await told({ kwargs: { a: 1 } })).toContain("params: { … }, one object of JSON");
    const params = { region: "eu", to: { mail: "a@example.com" } };
    expect(await told({ params, every: "5m" })).toContain('Did you mean trigger: "interval"?');
    expect(await told({ params, hour: 9 })).toContain('Did you mean trigger: "cron"?');
    expect(await told({ params, runDate: "2030-01-01" })).toContain(
      'Did you mean trigger: "date"?',
    );
  });
});

describe("params", () => {
  test("that are missing are told with what the schema needs", async () => {
    const { code, message } = await refusal(() =>
      scheduler.addJob("Report", { trigger: "interval", hours: 1 }),
    );
    expect(code).toBe("INVALID_PARAMS");
    expect(message).toBe(
      'The params for pipeline "Report" are missing. Give params: { region, to }.',
    );
  });

  test("of which a field is missing are told by its name", async () => {
    const { message } = await refusal(() =>
      scheduler.addJob("Report", { trigger: "interval", hours: 1, params: { to: {} } }),
    );
    expect(message).toContain("region is missing");
    expect(message).toContain("to.mail is missing");
    expect(message).not.toContain("undefined");
  });
});

describe("what is no pipeline", () => {
  function sendMail(): void {
    return undefined;
  }
  test("a function is told about defineJob", async () => {
    const { code, message } = await refusal(() =>
      scheduler.addJob(sendMail as never, { trigger: "interval", hours: 1 }),
    );
    expect(code).toBe("INVALID_PIPELINE");
    expect(message).toContain('defineJob({ name: "sendMail", run: sendMail })');
    const arrow = await refusal(() =>
      scheduler.addJob((() => 1) as never, { trigger: "interval", hours: 1 }),
    );
    expect(arrow.message).toContain('defineJob({ name: "…", run: … })');
    expect(() => new PipelineScheduler({ pipelines: [sendMail as never] })).toThrow("defineJob");
  });

  test("a class is told to extend Pipeline", async () => {
    class Mail {
      readonly sends = true;
    }
    const { message } = await refusal(() =>
      scheduler.addJob(Mail as never, { trigger: "interval", hours: 1 }),
    );
    expect(message).toContain('The class "Mail" is not a pipeline. Extend Pipeline');
    expect(message).not.toContain("defineJob");
  });

  test.each([{ run: sendMail }, { name: "", run: sendMail }, { name: undefined, run: sendMail }])(
    "a job of a function without a name: %o",
    (job) => {
      expect(() => defineJob(job as FunctionJob<undefined>)).toThrow(
        'defineJob: the name is missing. Jobs refer to the pipeline by its name: defineJob({ name: "sendMail", run }).',
      );
    },
  );
});

describe("an option of a scheduler or worker that has another name here is told by that", () => {
  test.each([
    ["redis", "connection"],
    ["url", "connection"],
    ["host", "connection"],
    ["databaseUrl", "connection"],
    ["tz", "timezone"],
    ["namespace", "prefix"],
    ["jobs", "pipelines"],
    ["log", "logger"],
    ["concurrency", "worker.concurrency"],
    ["lock", "worker.lock"],
    ["misfireGraceTime", "jobDefaults.misfireGraceTime"],
    ["pipeline", "pipelines"],
  ])("%s is %s", async (name, meant) => {
    const { code, message, data } = await refusal(
      () => new PipelineScheduler({ [name]: "redis://h" }),
    );
    expect(code).toBe("INVALID_OPTION");
    expect(message).toContain(`unknown option "${name}". Did you mean "${meant}"?`);
    expect(data).toEqual({ path: name, suggestion: meant });
  });

  test("also where the one that was meant is required", async () => {
    const { message } = await refusal(() => new PipelineWorker({ redis: "redis://h" } as never));
    expect(message).toBe('new PipelineWorker: unknown option "redis". Did you mean "connection"?');
    expect((await refusal(() => new PipelineWorker({} as never))).message).toMatch(
      /^new PipelineWorker, option "connection": is missing\. Allowed: a URL such as/,
    );
  });
});

test("what is no pipeline is told by its place in the list", async () => {
  const connection = "redis://127.0.0.1:1";
  const pipelines = [Report, "Report"] as never;
  const { code, message, data } = await refusal(() => new PipelineScheduler({ pipelines }));
  expect(code).toBe("INVALID_PIPELINE");
  expect(message).toBe(
    'new PipelineScheduler, option "pipelines.1": "Report" is a name, and not a pipeline. Give the class itself.',
  );
  expect(data).toEqual({ path: "pipelines.1" });
  expect((await refusal(() => new PipelineWorker({ connection, pipelines }))).message).toMatch(
    /^new PipelineWorker, option "pipelines\.1": /,
  );
});

test("an instant that can't be read is told by the option's name in quotes", async () => {
  const { code, message } = await refusal(() => scheduler.explain("report", "soon"));
  expect(code).toBe("INVALID_OPTION");
  expect(message).toMatch(/^explain, option "at": "soon" can't be read as a date\./);
});

test.each([
  [86_401, "1d 1s", 'As a number, at most 86400 (1d) is allowed. Write "1d 1s".'],
  [90_000, "1d 1h", 'at most 86400 (1d) is allowed. Did you mean "1m 30s"? If not, write "1d 1h".'],
])("a timeout of %d: numbers are seconds, and have a bound", async (timeout, read, hint) => {
  const { message } = await refusal(() =>
    scheduler.addJob(Report, { trigger: "manual", params: {} as never, timeout }),
  );
  expect(message).toContain(`is ${timeout}; numbers are seconds, so that is ${read}.`);
  expect(message).toContain(hint);
});

test("a duration beyond what is allowed at all is not told to be written as text", async () => {
  const connection = "redis://127.0.0.1:1";
  const { message } = await refusal(() => new PipelineWorker({ connection, lock: 3_601 }));
  expect(message).toContain("so that is 1h 1s. At most 3600 (1h) is allowed. Allowed: ");
});

test("start takes no option that it does not know", async () => {
  const { code, message } = await refusal(() => scheduler.start({ pause: true } as never));
  expect(code).toBe("INVALID_OPTION");
  expect(message).toContain('Did you mean "paused"?');
});
