import { types } from "node:util";
import { z } from "zod";
import { type EpochMs, systemClock } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import { shown } from "../../core/shown.ts";
import { checkStepName } from "../../execution/step-options.ts";
import { instantOption } from "../../jobs/instant-option.ts";
import { jobIdSchema, parseOptions } from "../../jobs/options.ts";
import { checkTimezone } from "../../jobs/timezone-option.ts";
import type { PreviousRun, RunTrigger } from "../../pipeline/run-context.ts";
import { type InstantInput, instantSchema } from "../../triggers/time/parse-instant.ts";
import type { StepMock } from "./mocked-steps.ts";

const WHERE = "createRunContext";
const DAY_MS = 86_400_000;

/** What the context says about its run; everything has a default. */
export interface RunContextOptions {
  /**
   * Replaces the work of steps, by their names: a function to call instead, an error to throw, or the result. A name that the
   * run never asks for stays in `recorded.unusedMocks`. @default none
   */
  readonly steps?: Readonly<Record<string, StepMock>> | undefined;
  /** The context's time at the beginning; it moves on by each sleep. @default the machine's */
  readonly now?: InstantInput | undefined;
  /** @default `now` */
  readonly fireTime?: InstantInput | undefined;
  /** The period that the run stands for. @default the day before `fireTime` */
  readonly interval?: { readonly start: InstantInput; readonly end: InstantInput } | undefined;
  /** From 1. @default 1 */
  readonly attempt?: number | undefined;
  /** @default "test" */
  readonly jobId?: string | undefined;
  /** @default a new one */
  readonly runId?: string | undefined;
  /** Of times without an offset. @default "UTC" */
  readonly timezone?: string | undefined;
  /** @default "scheduled" */
  readonly trigger?: RunTrigger | undefined;
  readonly previous?: PreviousRun | undefined;
}

type StepMocks = Readonly<Record<string, StepMock>>;

/** A `Date` of any realm: jest runs tests in one of their own. */
const dateSchema = z.custom<Date>(types.isDate).meta({ allowed: "a Date" });

const stepsSchema = z
  .custom<StepMocks>(isPlainObject)
  .superRefine((steps, context) => {
    for (const name of Object.keys(steps)) {
      const message = problemWithName(name);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    }
  })
  .meta({
    allowed:
      "an object with a function, an error or a result for each step's name, such as { extract: [1, 2] }",
  });

const runContextSchema = z.strictObject({
  pipeline: z.unknown().optional(),
  params: z.unknown().optional(),
  steps: stepsSchema.default({}),
  now: instantSchema.optional(),
  fireTime: instantSchema.optional(),
  interval: z.strictObject({ start: instantSchema, end: instantSchema }).optional(),
  attempt: z.int().min(1).default(1),
  jobId: jobIdSchema.default("test"),
  runId: z.string().min(1).max(1_000).optional(),
  timezone: z.string().min(1).max(64).default("UTC"),
  trigger: z.enum(["scheduled", "manual", "backfill"]).default("scheduled"),
  previous: z
    .strictObject({
      runId: z.string(),
      verdict: z.string(),
      fireTime: dateSchema,
      startedAt: dateSchema.optional(),
      finishedAt: dateSchema,
      result: z.unknown().optional(),
      error: z
        .strictObject({ name: z.string(), message: z.string(), code: z.string().optional() })
        .optional(),
    })
    .optional(),
});

function isPlainObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  // Not by identity: the object may come from another realm.
  return Object.prototype.toString.call(value) === "[object Object]";
}

function problemWithName(name: string): string | undefined {
  try {
    checkStepName(name);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What a context says about its run. */
export interface RunContextSettings {
  readonly steps: StepMocks;
  readonly startedAt: EpochMs;
  readonly fireAt: EpochMs;
  readonly interval: { readonly startAt: EpochMs; readonly endAt: EpochMs };
  readonly attempt: number;
  readonly jobId: string;
  readonly runId: string | undefined;
  readonly timezone: string;
  readonly trigger: RunTrigger;
  readonly previous: PreviousRun | undefined;
}

/** @throws {@link CronduitError} `INVALID_OPTION`, `INVALID_TIMEZONE` */
export function readRunContextOptions(options: RunContextOptions): RunContextSettings {
  const { now, fireTime, interval, runId, ...rest } = parseOptions(
    runContextSchema,
    options,
    WHERE,
  );
  const { timezone } = rest;
  checkTimezone(timezone, WHERE);
  const at = (input: unknown, path: string): EpochMs =>
    instantOption(input, { where: WHERE, path, timezone });
  const startedAt = now === undefined ? systemClock.now() : at(now, "now");
  const fireAt = fireTime === undefined ? startedAt : at(fireTime, "fireTime");
  return {
    ...rest,
    runId,
    startedAt,
    fireAt,
    interval: interval ? intervalOf(interval, at) : { startAt: fireAt - DAY_MS, endAt: fireAt },
    // As it was given: what a test compares may be the very object.
    previous: options.previous,
  };
}

function intervalOf(
  { start, end }: { readonly start: unknown; readonly end: unknown },
  at: (input: unknown, path: string) => EpochMs,
): RunContextSettings["interval"] {
  const startAt = at(start, "interval.start");
  const endAt = at(end, "interval.end");
  if (startAt <= endAt) return { startAt, endAt };
  throw new CronduitError(
    "INVALID_OPTION",
    `${WHERE}, option "interval.end": the interval ends (${shown(end)}) before it starts (${shown(start)}). Swap "start" and "end".`,
    { data: { path: "interval.end" } },
  );
}
