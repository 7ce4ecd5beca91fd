import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  type CronduitError,
  defineJob,
  lineLogger,
  Pipeline,
  PipelineScheduler,
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

test("start takes no option that it does not know", async () => {
  const { code, message } = await refusal(() => scheduler.start({ pause: true } as never));
  expect(code).toBe("INVALID_OPTION");
  expect(message).toContain('Did you mean "paused"?');
});
