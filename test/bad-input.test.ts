// Whatever is given wrongly is refused with a code and a place, and nothing is stored.
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import {
  type AddJobOptions,
  ConditionError,
  CronduitError,
  type ErrorCode,
  Pipeline,
  PipelineScheduler,
  PipelineWorker,
} from "../src/index.ts";
import { silent } from "./helpers/silent.ts";

const schema = z.object({ region: z.string(), limits: z.object({ rows: z.number() }).optional() });

class Typed extends Pipeline<typeof schema> {
  static override readonly params = schema;
  run(): void {}
}

class Plain extends Pipeline {
  run(): void {}
}

const hourly = { trigger: "interval", hours: 1 } as const;
let scheduler: PipelineScheduler;

beforeAll(() => {
  scheduler = new PipelineScheduler({
    connection: inject("redisUrl"),
    prefix: `bad-${randomUUID()}`,
    worker: false,
    pipelines: [Typed, Plain],
    logger: silent,
  });
});

afterEach(async () => {
  const { jobs } = await scheduler.getJobs();
  if (jobs.length > 0) throw new Error(`these were stored: ${jobs.map(({ id }) => id).join(", ")}`);
});

afterAll(() => scheduler.shutdown());

async function refusal(call: () => unknown): Promise<CronduitError> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(CronduitError);
    return error as CronduitError;
  }
  throw new Error("it was accepted");
}

function add(options: unknown, pipeline: unknown = Plain): () => Promise<unknown> {
  return () => scheduler.addJob(pipeline as typeof Plain, options as AddJobOptions);
}

function parsed(json: string): unknown {
  return JSON.parse(json);
}

const circular: { self?: unknown } = {};
circular.self = circular;

describe("addJob refuses", () => {
  test.each<[string, unknown, ErrorCode, object?]>([
    ["no options", undefined, "INVALID_OPTION", { path: "" }],
    ["null", null, "INVALID_OPTION", { path: "" }],
    ["a list", [], "INVALID_OPTION", { path: "" }],
    ["no trigger", {}, "INVALID_TRIGGER"],
    [
      "an unknown option",
      { ...hourly, maxInstance: 2 },
      "INVALID_OPTION",
      { path: "maxInstance", suggestion: "maxInstances" },
    ],
    [
      "an option in APScheduler's spelling",
      { ...hourly, misfire_grace_time: 2 },
      "INVALID_OPTION",
      { path: "misfire_grace_time", suggestion: "misfireGraceTime" },
    ],
    [
      "a number as text",
      { ...hourly, maxInstances: "3" },
      "INVALID_OPTION",
      { path: "maxInstances" },
    ],
    ["maxInstances 0", { ...hourly, maxInstances: 0 }, "INVALID_OPTION", { path: "maxInstances" }],
    [
      "maxInstances -1",
      { ...hourly, maxInstances: -1 },
      "INVALID_OPTION",
      { path: "maxInstances" },
    ],
    [
      "maxInstances 1.5",
      { ...hourly, maxInstances: 1.5 },
      "INVALID_OPTION",
      { path: "maxInstances" },
    ],
    [
      "maxInstances NaN",
      { ...hourly, maxInstances: Number.NaN },
      "INVALID_OPTION",
      { path: "maxInstances" },
    ],
    [
      "maxInstances Infinity",
      { ...hourly, maxInstances: Infinity },
      "INVALID_OPTION",
      { path: "maxInstances" },
    ],
    ["coalesce as text", { ...hourly, coalesce: "yes" }, "INVALID_OPTION", { path: "coalesce" }],
    ["coalesce null", { ...hourly, coalesce: null }, "INVALID_OPTION", { path: "coalesce" }],
    [
      "a negative grace",
      { ...hourly, misfireGraceTime: -1 },
      "INVALID_OPTION",
      { path: "misfireGraceTime" },
    ],
    [
      "a grace of NaN",
      { ...hourly, misfireGraceTime: Number.NaN },
      "INVALID_OPTION",
      { path: "misfireGraceTime" },
    ],
    [
      "an endless grace",
      { ...hourly, misfireGraceTime: Infinity },
      "INVALID_OPTION",
      { path: "misfireGraceTime" },
    ],
    [
      "a grace in words",
      { ...hourly, misfireGraceTime: "soon" },
      "INVALID_OPTION",
      { path: "misfireGraceTime" },
    ],
    ["maxCatchUp 0", { ...hourly, maxCatchUp: 0 }, "INVALID_OPTION", { path: "maxCatchUp" }],
    ["tags as text", { ...hourly, tags: "a" }, "INVALID_OPTION", { path: "tags" }],
    ["an empty tag", { ...hourly, tags: ["a", ""] }, "INVALID_OPTION", { path: "tags.1" }],
    [
      "a long description",
      { ...hourly, description: "x".repeat(1_001) },
      "INVALID_OPTION",
      { path: "description" },
    ],
    [
      "retention 0",
      { ...hourly, retention: { count: 0 } },
      "INVALID_OPTION",
      { path: "retention.count" },
    ],
    [
      "an unknown retention",
      { ...hourly, retention: { days: 3 } },
      "INVALID_OPTION",
      { path: "retention.days" },
    ],
    ["an unknown kind", { trigger: "hourly" }, "INVALID_TRIGGER"],
    ["an impossible date", { trigger: "date", runDate: "2026-02-30 12:00" }, "INVALID_TRIGGER"],
    ["no date", { trigger: "date", runDate: "soon" }, "INVALID_TRIGGER"],
    ["an invalid Date", { trigger: "date", runDate: new Date(Number.NaN) }, "INVALID_TRIGGER"],
    ["an impossible nextRunTime", { ...hourly, nextRunTime: "2026-13-01" }, "INVALID_TRIGGER"],
    ["a bad zone", { ...hourly, timezone: "Mars/Olympus" }, "INVALID_TIMEZONE"],
    ["a zone that is no text", { ...hourly, timezone: 5 }, "INVALID_TRIGGER"],
    ["a bad cron field", { trigger: "cron", minute: "61" }, "INVALID_TRIGGER", { field: "minute" }],
    ["a bad expression", { trigger: "cron", expression: "* * * *" }, "INVALID_TRIGGER"],
    ["30 February", { trigger: "cron", month: 2, day: 30 }, "INVALID_TRIGGER"],
    ["a negative interval", { trigger: "interval", seconds: -5 }, "INVALID_TRIGGER"],
    ["an interval of NaN", { trigger: "interval", seconds: Number.NaN }, "INVALID_TRIGGER"],
    [
      "an end before the start",
      { ...hourly, startDate: "2030-01-02", endDate: "2030-01-01" },
      "INVALID_TRIGGER",
    ],
    ["a negative jitter", { ...hourly, jitter: -1 }, "INVALID_TRIGGER", { field: "jitter" }],
    [
      "__proto__ as an option",
      parsed('{"trigger":"interval","hours":1,"__proto__":{"a":1}}'),
      "INVALID_OPTION",
      { path: "__proto__" },
    ],
    [
      "constructor as an option",
      { ...hourly, constructor: 1 },
      "INVALID_OPTION",
      { path: "constructor" },
    ],
  ])("%s", async (_, options, code, data) => {
    const error = await refusal(add(options));
    expect(error).toMatchObject({ code, ...(data && { data }) });
    expect(error.message.length).toBeLessThan(600);
  });

  test.each<[string, unknown, ErrorCode, object?]>([
    ["missing", undefined, "INVALID_PARAMS"],
    ["of a wrong type", { region: 5 }, "INVALID_PARAMS", { path: "region" }],
    [
      "wrong deep inside",
      { region: "eu", limits: { rows: "x" } },
      "INVALID_PARAMS",
      { path: "limits.rows" },
    ],
  ])("params that do not fit the schema: %s", async (_, params, code, data) => {
    const error = await refusal(add({ ...hourly, params }, Typed));
    expect(error).toMatchObject({ code, ...(data && { data }) });
  });

  test.each<[string, unknown, ErrorCode]>([
    ["1 MB", { text: "x".repeat(1_000_000) }, "PAYLOAD_TOO_LARGE"],
    ["a BigInt", { a: 1n }, "INVALID_PARAMS"],
    ["a cycle", circular, "INVALID_PARAMS"],
    ["a function", { a: () => 1 }, "INVALID_PARAMS"],
    ["a symbol", { a: Symbol("a") }, "INVALID_PARAMS"],
    ["NaN", { a: Number.NaN }, "INVALID_PARAMS"],
    ["a Map", { a: new Map() }, "INVALID_PARAMS"],
    ["__proto__ as a key", parsed('{"a":{"__proto__":{"b":1}}}'), "INVALID_PARAMS"],
  ])("params that are not small plain JSON: %s", async (_, params, code) => {
    const error = await refusal(add({ ...hourly, params }));
    expect(error.code).toBe(code);
    expect(({} as { b?: unknown }).b).toBeUndefined();
  });

  test.each([
    ["empty", ""],
    ["of 129 characters", "x".repeat(129)],
    ["with a line break", "a\nb"],
    ["with NUL", "a\0b"],
    ["with an escape", "a\u001Bb"],
    ["__proto__", "__proto__"],
    ["constructor", "constructor"],
    ["an emoji", "job-\u{1F600}"],
    ["with a space at its end", "job "],
    ["with a space before it", " job"],
    ["a number", 5],
    ["null", null],
    ["an object", {}],
  ])("an id that is %s", async (_, id) => {
    expect(await refusal(add({ ...hourly, id }))).toMatchObject({
      code: "INVALID_OPTION",
      data: { path: "id" },
    });
    const calls = [
      () => scheduler.getJob(id as string),
      () => scheduler.pauseJob(id as string),
      () => scheduler.removeJob(id as string),
      () => scheduler.runJob(id as string),
      () => scheduler.cleanupRuns(id as string, { all: true }),
      // An object is a query about the whole fleet.
      ...(typeof id === "object" && id ? [] : [() => scheduler.getRuns(id as string)]),
    ];
    for (const call of calls) expect((await refusal(call)).code).toBe("INVALID_OPTION");
  });

  test.each([
    ["@daily", 'begins with "@"'],
    ["-1", 'begins with "-"'],
    ["..", 'begins with "."'],
    [" job", 'begins with " "'],
    ["job ", "ends with a space"],
    ["a\nb", String.raw`contains the character "\n"`],
    ["a!b", 'contains the character "!"'],
    ["job-\u{1F600}", 'contains the character "\u{1F600}"'],
    ["constructor", "is a reserved word"],
  ])("the id %j is told what is wrong with it, and the rule", async (id, fault) => {
    const { message } = await refusal(add({ ...hourly, id }));
    expect(message).toContain(fault);
    expect(message).toContain("a letter, a digit or _ first");
  });

  test.each([
    ["no value", { trigger: "interval", minutes: undefined }, "minutes: undefined"],
    ["no expression", { trigger: "cron", expression: undefined }, "expression: undefined"],
    ["no length", { trigger: "interval" }, "needs a length"],
    ["a member that is missing", { trigger: "or", triggers: [undefined] }, "triggers.0"],
    ["a cron text of AWS", { trigger: "cron", expression: "0 12 * * ? *" }, "AWS"],
  ])("a trigger with %s", async (_, options, text) => {
    const error = await refusal(add(options));
    expect(error.code).toBe("INVALID_TRIGGER");
    expect(error.message).toContain(text);
  });

  test.each<[string, unknown, ErrorCode]>([
    ["an unknown name", "Nightly", "UNKNOWN_PIPELINE"],
    ["__proto__", "__proto__", "UNKNOWN_PIPELINE"],
    ["undefined", undefined, "INVALID_PIPELINE"],
    ["null", null, "INVALID_PIPELINE"],
    ["a function", () => undefined, "INVALID_PIPELINE"],
    ["an object", { run: () => undefined }, "INVALID_PIPELINE"],
    ["a class that is no pipeline", Date, "INVALID_PIPELINE"],
  ])("%s in place of a pipeline", async (_, pipeline, code) => {
    const error = await refusal(() => scheduler.addJob(pipeline as string, hourly));
    expect(error.code).toBe(code);
  });

  test.each<[unknown, string]>([
    [
      { trigger: "*/5 * * * *" },
      'For a cron expression, write trigger: "cron" and expression: "*/5 * * * *".',
    ],
    [
      { trigger: "every 5 minutes" },
      'For a schedule in words, write trigger: parseSchedule("every 5 minutes"), or schedule("every 5 minutes", pipeline).',
    ],
    [{ trigger: "2026-12-25 09:00" }, 'write trigger: parseSchedule("2026-12-25 09:00")'],
    ["every 5 minutes", 'such as { trigger: "interval", minutes: 5 }'],
    [
      { trigger: "monthly", monthly: 32 },
      "Days of the month: 1 to 31, 'last', or a list; the 1st if omitted.",
    ],
    [{ trigger: "interval", seconds: -5 }, "seconds: -5 is not allowed. Allowed: a number of"],
    [{ trigger: "interval", seconds: Number.NaN }, "seconds: NaN is not allowed."],
    [{ trigger: "interval", second: 1 }, "is not an option of an interval trigger."],
    [{ trigger: "date", runDate: 1, in: "1m" }, 'in: can\'t be combined with "runDate".'],
    [
      { ...hourly, misfireGraceTime: -3 },
      'option "misfireGraceTime": is -3, but must be at least 0. Allowed: seconds as a number',
    ],
    [
      { ...hourly, tags: [""] },
      'option "tags.0": "" is not allowed. Allowed: a string of 1 to 64 characters.',
    ],
  ])("%j, and says what to do", async (options, text) => {
    expect((await refusal(add(options))).message.toLowerCase()).toContain(text.toLowerCase());
  });

  test("a condition that can't be understood: where it stands, what was found, what was meant", async () => {
    const error = await refusal(add({ ...hourly, condition: "job_2.last_run_sucessful" }));
    expect(error).toBeInstanceOf(ConditionError);
    expect(error).toMatchObject({
      code: "INVALID_CONDITION",
      data: { path: "condition", column: 7, suggestion: "last_run_successful" },
    });
    expect(error.message).toMatch(/^addJob, option "condition": .*column 7/);
  });

  test("addJobs with one bad job stores none", async () => {
    const jobs = [
      { pipeline: "Plain", options: { ...hourly, id: "good" } },
      { pipeline: "Plain", options: { ...hourly, id: "bad", maxInstances: 0 } },
    ];
    expect((await refusal(() => scheduler.addJobs(jobs))).code).toBe("INVALID_OPTION");
  });
});

describe("ids with colons, percent signs and inner spaces", () => {
  test.each([
    "a:b:c",
    "100%",
    "x%3A",
    "a%25:b",
    "tenant 7/report",
    "Täglich@Köln",
    "x".repeat(128),
  ])("%s is allowed, and its runs lead back to it", async (id) => {
    await scheduler.addJob(Plain, { ...hourly, id });
    const runId = await scheduler.runJob(id);
    expect(await scheduler.getRun(runId)).toMatchObject({ id: runId, jobId: id });
    const { runs } = await scheduler.getRuns(id);
    expect(runs.map((run) => run.jobId)).toEqual([id]);
    expect((await scheduler.getJob(id))?.id).toBe(id);
    await scheduler.removeJob(id);
  });
});

describe("schedulers and workers refuse", () => {
  test.each<[string, object, string]>([
    ["an unknown option", { colour: "red" }, "colour"],
    ["a connection that was forgotten", { connection: undefined }, "connection"],
    ["a bad zone", { timezone: "" }, "timezone"],
    ["a negative reconcile", { reconcile: -1 }, "reconcile"],
    ["an endless overdue", { overdue: Infinity }, "overdue"],
    ["an unknown signal", { signals: ["SIGKILL"] }, "signals.0"],
  ])("%s", async (_, options, path) => {
    const error = await refusal(
      () => new PipelineScheduler({ connection: inject("redisUrl"), ...options }),
    );
    expect(error).toMatchObject({ code: "INVALID_OPTION", data: { path } });
  });

  test.each(["not a url", "http://127.0.0.1:6379", "redis://127.0.0.1:99999", ""])(
    "the connection %j",
    async (connection) => {
      const error = await refusal(async () => {
        const made = new PipelineScheduler({ connection, timeout: 0.5, logger: silent });
        try {
          await made.start();
        } finally {
          await made.shutdown();
        }
      });
      expect(error).toMatchObject({ code: "INVALID_OPTION", data: { path: "connection" } });
      expect(
        (await refusal(() => new PipelineWorker({ connection: 5 as never, pipelines: [] }))).code,
      ).toBe("INVALID_OPTION");
    },
  );

  test.each([
    ["embedded:./x", "embedded://./x"],
    ["embedded:", "embedded://folder"],
    ["redis:localhost", "redis://host"],
    ["postgres:", "postgres://host"],
    ["localhost:6379", "redis://localhost:6379"],
  ])("the connection %j, and says how it is written", async (connection, form) => {
    const { message } = await refusal(() => new PipelineScheduler({ connection }));
    expect(message).toContain(`Write "${form}"`);
  });

  test("the connection that is an unset variable in a template", async () => {
    const { message } = await refusal(() => new PipelineScheduler({ connection: "undefined" }));
    expect(message).toMatch(/it is the text "undefined"\. Is an environment variable not set\?$/);
  });

  test.each([{ wait: "false" }, { wait: 0 }, { waits: false }, false, null])(
    "an end by %j: refused, and nothing is ended",
    async (options) => {
      const connection = inject("redisUrl");
      const made = new PipelineScheduler({ connection, logger: silent });
      const worker = new PipelineWorker({ connection, pipelines: [], logger: silent });
      expect((await refusal(() => made.shutdown(options as never))).code).toBe("INVALID_OPTION");
      expect((await refusal(() => worker.stop(options as never))).code).toBe("INVALID_OPTION");
      expect(await made.getWorkers()).toEqual([]);
      await made.shutdown();
      await worker.stop();
    },
  );

  test("a server that is not there: CONNECTION_FAILED within the time allowed", async () => {
    const made = new PipelineScheduler({
      connection: "redis://127.0.0.1:1",
      timeout: 0.5,
      logger: silent,
    });
    expect((await refusal(() => made.getJobs())).code).toBe("CONNECTION_FAILED");
    await made.shutdown();
  });
});
