// Passes every kind of wrong value for every option of every public call: the message shows what was written and what is allowed,
// and holds no text of the library that found it.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrate, Pipeline, PipelineScheduler, PipelineWorker } from "../src/index.ts";
import { jobOptionsSchema } from "../src/jobs/options.ts";
import { schedulerOptionsSchema } from "../src/scheduler/scheduler-options.ts";
import { triggerOptionShapes } from "../src/triggers/option-shapes.ts";
import { workerOptionsSchema } from "../src/worker/worker-options.ts";
import { silent } from "./helpers/silent.ts";

class Plain extends Pipeline {
  run(): void {}
}

const PASSWORD = "hunter2hunter2";
const WRONG: readonly [string, unknown][] = [
  ["NaN", Number.NaN],
  ["Infinity", Infinity],
  ["null", null],
  ["-1.5", -1.5],
  ["1e+300", 1e300],
  ['""', ""],
  ['"xxxx', "x".repeat(5_000)],
  ["true", true],
  ["an empty list", []],
  ["a list of 1", [1]],
  ["an empty object", {}],
  ["an object with secret", { secret: 1 }],
  ["an invalid Date", new Date(Number.NaN)],
  ["the Date 2026", new Date("2026-01-01")],
  ["10n", 10n],
  ["a symbol", Symbol("a")],
  ["the function f", function f() {}],
  ["an instance of Map", new Map([[PASSWORD, PASSWORD]])],
  ["a promise", Promise.resolve(PASSWORD)],
  ['"redis://…@h"', `redis://user:${PASSWORD}@h`],
];

let scheduler: PipelineScheduler;
beforeAll(async () => {
  scheduler = new PipelineScheduler({ pipelines: [Plain], logger: silent, worker: false });
  await scheduler.addJob(Plain, { id: "there", trigger: "interval", hours: 1 });
});
afterAll(() => scheduler.shutdown());

const hourly = { trigger: "interval", hours: 1 } as const;
type Options = Record<string, unknown>;
type Call = (options: Options) => unknown;

const JOB = Object.keys(jobOptionsSchema.shape);
const CALLS: readonly [string, readonly string[], Call][] = [
  [
    "addJob",
    JOB,
    (options) => scheduler.addJob(Plain, { ...hourly, id: randomUUID(), ...options }),
  ],
  [
    "modifyJob",
    JOB.filter((name) => name !== "id" && name !== "replaceExisting" && name !== "queue"),
    (options) => scheduler.modifyJob("there", options),
  ],
  ...Object.entries(triggerOptionShapes)
    .filter(([kind]) => kind !== "common" && kind !== "or" && kind !== "and")
    .map(([kind, shape]): [string, string[], Call] => [
      `addJob, ${kind}`,
      [...Object.keys(shape), ...Object.keys(triggerOptionShapes.common)],
      (options) =>
        scheduler.addJob(Plain, { trigger: kind, id: randomUUID(), ...options } as never),
    ]),
  [
    "new PipelineScheduler",
    Object.keys(schedulerOptionsSchema.shape),
    (options) => new PipelineScheduler({ logger: silent, ...options }),
  ],
  [
    "new PipelineWorker",
    Object.keys(workerOptionsSchema.shape),
    (options) =>
      new PipelineWorker({
        connection: "redis://127.0.0.1:1",
        logger: silent,
        ...options,
      }),
  ],
  [
    "runJob",
    ["ignoreCondition", "wait"],
    (options) => scheduler.runJob("nobody", options as never),
  ],
  [
    "getJobs",
    [
      "owner",
      "source",
      "state",
      "lastVerdict",
      "pipeline",
      "queue",
      "tag",
      "text",
      "order",
      "cursor",
      "limit",
    ],
    (options) => scheduler.getJobs(options),
  ],
  [
    "countJobs",
    ["owner", "source", "state", "lastVerdict", "pipeline", "queue", "tag", "text", "by"],
    (options) => scheduler.countJobs(options),
  ],
  [
    "pauseJobs",
    ["dryRun", "bulkId", "reason"],
    (options) => scheduler.pauseJobs({ all: true }, { dryRun: true, ...options }),
  ],
  [
    "runJobs",
    ["dryRun", "bulkId", "ignoreCondition"],
    (options) => scheduler.runJobs({ ids: ["nobody"] }, options),
  ],
  [
    "getRuns",
    ["verdict", "from", "to", "cursor", "limit"],
    (options) => scheduler.getRuns("there", options),
  ],
  [
    "backfill",
    ["from", "to", "concurrency", "order"],
    (options) => scheduler.backfill("there", { from: "2026-01-01", dryRun: true, ...options }),
  ],
  ["getLogs", ["after", "limit"], (options) => scheduler.getLogs("there@1", options)],
  ["cleanupLogs", ["before"], (options) => scheduler.cleanupLogs("there", options)],
  ["cancelRun", ["reason"], (options) => scheduler.cancelRun("there@1", options)],
  ["exportState", ["drain", "resume", "signal"], (options) => scheduler.exportState(options)],
  ["importState", ["onConflict"], (options) => scheduler.importState("", options)],
  [
    "migrate",
    ["prefix", "queues", "grantTo", "timeout"],
    (options) => migrate("redis://127.0.0.1:1", options),
  ],
  [
    "addListener",
    ["name", "scope"],
    (options) => scheduler.addListener(() => undefined, 512, options),
  ],
  ["shutdown", ["wait"], (options) => new PipelineScheduler({ logger: silent }).shutdown(options)],
];

/** Texts of zod, in any of its releases. */
const LEAKS =
  /Invalid (input|option|string|type|discriminator)|expected (string|number|object|array|one|date|boolean|map)|received|Too (small|big)|Unrecognized|zod/i;

async function messageOf(call: () => unknown): Promise<string | undefined> {
  try {
    const made = await call();
    if (made instanceof PipelineScheduler) await made.shutdown({ wait: false });
    return undefined;
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    return `${code}: ${message}`;
  }
}

describe.each(CALLS)("%s", (_, names, call) => {
  test.each(names)("option %s", async (name) => {
    const faults: string[] = [];
    for (const [print, value] of WRONG) {
      const message = await messageOf(() => call({ [name]: value }));
      // A valid value for this option.
      if (message === undefined) continue;
      const problem = faultOf(message, print, name);
      if (problem) faults.push(`${print}: ${problem}: ${message.slice(0, 400)}`);
    }
    expect(faults).toEqual([]);
  });
});

function faultOf(message: string, print: string, name: string): string | undefined {
  if (LEAKS.test(message)) return "a text of a library";
  if (message.length > 700) return "too long";
  // Triggers, conditions, zones, pipelines and servers have messages of their own.
  const own =
    /^(INVALID_(?!OPTION)|CONNECTION_FAILED|RUN_NOT_FOUND|JOB_NOT_FOUND|UNSUPPORTED_SERVER)/;
  if (own.test(message)) return undefined;
  if (!message.startsWith("INVALID_OPTION: ")) return "another code";
  if (message.includes(PASSWORD)) return "a secret";
  if (!message.includes(name)) return "does not name the option";
  // Where a password may occur, only the value's kind is shown.
  const isPart = message.includes(`option "${name}.`);
  const isTold = name === "connection" || isPart || message.includes(print);
  if (!isTold && !/[Uu]nknown option|is missing|only PostgreSQL/.test(message))
    return "does not show the value";
  if (
    !/Allowed|Did you mean|Write|Give|such as|Known (are|options)|must|only|Swap|is needed/.test(
      message,
    )
  )
    return "no way out";
  return undefined;
}

test("an option that is missing is called missing", async () => {
  const group = { ...hourly, concurrencyGroup: { key: "a" } };
  const message = await messageOf(() => scheduler.addJob(Plain, group as never));
  expect(message).toMatch(
    /^INVALID_OPTION: addJob, option "concurrencyGroup.limit": is missing\. Allowed: a whole number from 1/,
  );
});

test("what is wrong as a whole", async () => {
  for (const [print, value] of [
    ["null", null],
    ["a list of 1", [1]],
    ["5", 5],
  ] as const) {
    expect(await messageOf(() => scheduler.getJobs(value as never))).toContain(print);
    expect(await messageOf(() => scheduler.addJob(Plain, value as never))).toContain("addJob");
  }
});
