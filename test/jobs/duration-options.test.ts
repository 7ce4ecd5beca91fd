import fc from "fast-check";
import { jobFilesSchema } from "../../src/config/watch/job-files-options.ts";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { migrate, PipelineScheduler, PipelineWorker, when } from "../../src/index.ts";
import { parseJitter } from "../../src/triggers.ts";
import { authOptionsSchema } from "../../src/api/accounts/auth-options.ts";
import { quotaOptionsSchema } from "../../src/api/accounts/quota-limits.ts";
import { DURATION_BOUNDS, type DurationBounds } from "../../src/core/duration-bounds.ts";
import { parseDuration } from "../../src/core/durations.ts";
import { CronduitError } from "../../src/core/errors.ts";
import { jobOptionsSchema, parseOptions } from "../../src/jobs/options.ts";
import { untilOption } from "../../src/jobs/until-option.ts";
import { migrateOptionsSchema } from "../../src/engine/migrate-connection.ts";
import { exportOptionsSchema } from "../../src/scheduler/transfer/export-options.ts";
import { runJobSchema } from "../../src/scheduler/run-commands.ts";
import { schedulerOptionsSchema } from "../../src/scheduler/scheduler-options.ts";
import { readSleepDuration, readStepOptions } from "../../src/execution/step-options.ts";
import { programShape } from "../../src/tasks/program/program-options.ts";
import { lengthSchema } from "../../src/simulate/run-lengths.ts";
import {
  patienceSchema,
  readAdvance,
  readOutage,
  skewSchema,
} from "../../src/testing/read-durations.ts";
import { workerOptionsSchema } from "../../src/worker/worker-options.ts";

type Written = number | string;
const job = (options: object) => parseOptions(jobOptionsSchema, options, "addJob");
const scheduler = (options: object) => parseOptions(schedulerOptionsSchema, options, "scheduler");
const task = (options: object) => parseOptions(z.strictObject(programShape), options, "addJob");
const worker = (options: object) =>
  parseOptions(workerOptionsSchema, { connection: "redis://127.0.0.1", ...options }, "worker");

const auth = (options: object) => parseOptions(authOptionsSchema, options, "createApi");
const issuer = {
  jwksUrl: "https://id.example.com/keys",
  issuer: "https://id.example.com",
  audience: "cronduit",
  roles: { viewer: ["staff"] },
};

function waitOf({ conditionPolicy }: ReturnType<typeof job>): unknown {
  return conditionPolicy === "skip" ? undefined : conditionPolicy.wait;
}

/** For each option in the table: the input, and its value in milliseconds. */
const READERS: Record<keyof typeof DURATION_BOUNDS, (written: Written) => unknown> = {
  "addJob.timeout": (written) => job({ timeout: written }).timeout,
  "addJob.misfireGraceTime": (written) => job({ misfireGraceTime: written }).misfireGraceTime,
  "addJob.conditionPolicy.wait": (written) => waitOf(job({ conditionPolicy: { wait: written } })),
  "addJob.retry.delay": (written) => job({ retry: { delay: written } }).retry?.delay,
  "addJob.retry.maxDelay": (written) => job({ retry: { maxDelay: written } }).retry?.maxDelay,
  "addJob.logs.age": (written) => job({ logs: { age: written } }).logs.age,
  "addJob.retention.age": (written) => job({ retention: { age: written } }).retention.age,
  "addJob.jitter": (written) => {
    const jitter = parseJitter(written);
    return jitter.kind === "ms" && jitter.ms;
  },
  "when.finishedWithin": (written) => {
    const condition = when.finishedWithin("other", written);
    return condition.kind === "within" && condition.withinMs;
  },
  "runJob.wait": (written) => parseOptions(runJobSchema, { wait: written }, "runJob").wait,
  "overrideJob.until": (written) =>
    untilOption(written, {
      where: "overrideJob",
      path: "until",
      timezone: "UTC",
      now: 0,
      bounds: "overrideJob.until",
    }),
  "JobFiles.poll": (written) => parseOptions(jobFilesSchema, { poll: written }, "JobFiles").poll,
  "pauseJob.until": (written) =>
    untilOption(written, {
      where: "pauseJob",
      path: "until",
      timezone: "UTC",
      now: 0,
      bounds: "pauseJob.until",
    }),
  "step.timeout": (written) => readStepOptions("step", { timeout: written }).timeoutMs,
  "step.retries.delay": (written) =>
    readStepOptions("step", { retries: { delay: written } }).retry?.delayMs,
  "step.retries.maxDelay": (written) =>
    readStepOptions("step", { retries: { maxDelay: written } }).retry?.maxDelayMs,
  sleep: (written) => readSleepDuration(written),
  "simulate.durations": (written) => parseOptions(lengthSchema, written, "simulate"),
  "task.timeout": (written) => task({ timeout: written }).timeout,
  "task.grace": (written) => task({ grace: written }).grace,
  "exportState.drain": (written) =>
    parseOptions(exportOptionsSchema, { drain: written }, "exportState").drain,
  "createApi.auth.session.idle": (written) => auth({ session: { idle: written } }).session.idle,
  "createApi.auth.session.absolute": (written) =>
    auth({ session: { absolute: written } }).session.absolute,
  "createApi.auth.issuer.maxAge": (written) =>
    auth({ issuer: { ...issuer, maxAge: written } }).issuer?.maxAge,
  "createApi.quotas.shortestInterval": (written) =>
    parseOptions(quotaOptionsSchema, { shortestInterval: written }, "createApi").shortestInterval,
  "migrate.timeout": (written) =>
    parseOptions(migrateOptionsSchema, { timeout: written }, "migrate").timeout,
  advanceBy: readAdvance,
  outage: readOutage,
  skewClock: (written) => parseOptions(skewSchema, written, "skewClock"),
  patience: (written) => parseOptions(patienceSchema, written, "patience"),
  timeout: (written) => scheduler({ timeout: written }).timeout,
  reconcile: (written) => scheduler({ reconcile: written }).reconcile,
  overdue: (written) => scheduler({ overdue: written }).overdue,
  finishedRetention: (written) => scheduler({ finishedRetention: written }).finishedRetention,
  lock: (written) => worker({ lock: written }).lock,
  stalledCheck: (written) => worker({ stalledCheck: written }).stalledCheck,
  "rateLimit.per": (written) => worker({ rateLimit: { max: 1, per: written } }).rateLimit?.per,
  drain: (written) => worker({ drain: written }).drain,
};

const OPTIONS = Object.entries(READERS).map(([name, read]) => ({
  name,
  read,
  bounds: DURATION_BOUNDS[name as keyof typeof DURATION_BOUNDS] as DurationBounds,
}));

function refusal(act: () => unknown): CronduitError {
  try {
    act();
  } catch (error) {
    if (error instanceof CronduitError) return error;
    throw error;
  }
  return expect.unreachable("it was accepted");
}

describe.each(OPTIONS)("$name", ({ read, bounds }) => {
  test("a number is seconds, and a text says its unit", () => {
    // In seconds, and as short as this option may be.
    const least = Math.max(5, bounds.min ?? 0);
    expect(read(least)).toBe(least * 1_000);
    expect(read(`${least}s`)).toBe(least * 1_000);
    expect(read(`PT${least}S`)).toBe(least * 1_000);
  });

  test.each([
    [30_000, "30s"],
    [5_000, "5s"],
    [300_000, "5m"],
    [3_600_000, "1h"],
    [86_400_000, "1d"],
  ])("%d is refused: milliseconds were meant, %s", (number, suggestion) => {
    const { code, message, data } = refusal(() => read(number));
    expect(code).toMatch(/^INVALID_(OPTION|TRIGGER|CONDITION)$/);
    expect(message).toContain(`${number}; numbers are seconds`);
    expect(message).toContain(`Did you mean "${suggestion}"?`);
    expect(data["suggestion"]).toBe(suggestion);
  });

  test("a number goes up to its bound, and a text beyond it", () => {
    const { numberUpTo, max = Infinity } = bounds;
    expect(read(numberUpTo)).toBe(numberUpTo * 1_000);
    const { message } = refusal(() => read(numberUpTo + 1));
    expect(message).toContain(`is ${numberUpTo + 1}; numbers are seconds, so that is `);
    expect(message).toMatch(new RegExp(`[Aa]t most ${numberUpTo} \\(\\d+[a-z]+\\) is allowed`));
    if (numberUpTo < max) expect(read(`${numberUpTo + 1}s`)).toBe((numberUpTo + 1) * 1_000);
  });

  test("its range is told in units of time", () => {
    const { min = 0, max } = bounds;
    expect(min).toBeLessThan(max ?? Infinity);
    if (min > 0)
      expect(refusal(() => read("0s")).message).toMatch(/must be at least \d+(?:ms|[sm])/);
    if (max) expect(refusal(() => read(`${max * 2}s`)).message).toMatch(/must be at most \d+[mhd]/);
  });

  test("what is no length of time is refused with the value that was written", () => {
    expect(refusal(() => read(Number.NaN)).message).toContain("is NaN");
    expect(refusal(() => read(-1)).message).toMatch(/is -1|: -1 goes back/);
    expect(refusal(() => read(Number.POSITIVE_INFINITY)).message).toMatch(
      /is Infinity; (must end|leave it out for no end|write (null|true) for no end)/,
    );
    expect(refusal(() => read("soon")).message).toContain("soon");
  });

  test("any number is seconds, or refused with something that can be written instead", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer(),
          fc.double(),
          fc.nat(1_000).map((n) => n * 1_000),
        ),
        (n) => {
          let ms: unknown;
          try {
            ms = read(n);
          } catch (error) {
            if (!(error instanceof CronduitError)) throw error;
            const suggestion = error.data["suggestion"] as string | undefined;
            if (suggestion !== undefined) expect(parseDuration(suggestion)).toBeGreaterThan(0);
            return;
          }
          expect(ms).toBe(Math.round(n * 1_000));
        },
      ),
    );
  });
});

test("schedulers, workers and migrations refuse milliseconds by name", async () => {
  const connection = "redis://127.0.0.1:1";
  expect(() => new PipelineScheduler({ connection, timeout: 30_000 })).toThrow(
    'new PipelineScheduler, option "timeout": is 30000; numbers are seconds, so that is 8h 20m. As a number, at most 300 (5m) is allowed. Did you mean "30s"? If not, write "8h 20m".',
  );
  expect(() => new PipelineWorker({ connection, lock: 15_000 })).toThrow(/"lock".*"15s"/);
  expect(() => new PipelineScheduler({ worker: { stalledCheck: 500 } })).toThrow(
    /"worker.stalledCheck".*"500ms"/,
  );
  await expect(migrate(connection, { timeout: 60_000 })).rejects.toThrow(/"timeout".*"1m"/);
});

test("docs/durations.md holds the table of bounds", () => {
  const rows = readFileSync("docs/durations.md", "utf8").matchAll(
    /^\| `([\w.]+)` +\| ([^|]+?) +\| ([^|]+?) +\|$/gm,
  );
  const told = Object.fromEntries(
    [...rows].map(([, name = "", numberUpTo = "", range = ""]) => [name, [numberUpTo, range]]),
  );
  const ms = (text: string): number => parseDuration(text) / 1_000;
  const known = OPTIONS.map(({ name, bounds: { numberUpTo, min = 0, max } }) => [
    name,
    { numberUpTo, min: min <= 0.001 ? undefined : min, max },
  ]);
  const documented = Object.entries(told).map(([name, [numberUpTo = "", range = ""]]) => {
    const [min, max] = range.split(" to ");
    return [
      name,
      {
        numberUpTo: ms(numberUpTo),
        min: min === "any" || min === undefined ? undefined : ms(min),
        max: max === undefined ? undefined : ms(max),
      },
    ];
  });
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(known));
});
