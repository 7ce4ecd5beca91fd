import { z } from "zod";
import { CronduitError } from "../core/errors.ts";
import { RESERVED_STEP } from "../engine/port/steps.ts";
import type { RetryPolicy } from "../jobs/definition.ts";
import { durationOption } from "../jobs/duration-option.ts";
import { parseOptions } from "../jobs/options.ts";
import type { SleepOptions, StepOptions } from "../pipeline/run-context.ts";

const MAX_STEP_NAME = 128;
const MAX_SLEEP_NAME = 120;

const retriesSchema = z.strictObject({
  attempts: z.int().min(2).max(100).default(3),
  backoff: z.enum(["fixed", "exponential"]).default("exponential"),
  delay: durationOption("step.retries.delay").default(1_000),
  maxDelay: durationOption("step.retries.maxDelay").default(30_000),
  jitter: z.number().min(0).max(1).default(0),
});

const stepSchema = z.strictObject({
  retries: z
    .union([
      z
        .int()
        .min(0)
        .max(99)
        .transform((retries) => ({ ...retriesSchema.parse({}), attempts: retries + 1 })),
      retriesSchema,
    ])
    .optional(),
  timeout: durationOption("step.timeout").optional(),
});

const sleepDuration = durationOption("sleep");
const sleepSchema = z.strictObject({ name: z.string().optional() });

/** Settings of a step; `retry` has at least one attempt. */
export interface StepSettings {
  readonly retry: RetryPolicy | undefined;
  readonly timeoutMs: number | undefined;
}

const PLAIN: StepSettings = { retry: undefined, timeoutMs: undefined };

/** @throws {@link CronduitError} `INVALID_OPTION` */
export function readStepOptions(name: string, options: StepOptions | undefined): StepSettings {
  if (options === undefined) return PLAIN;
  const { retries, timeout } = parseOptions(stepSchema, options, `step "${name}"`);
  if (retries === undefined) return { retry: undefined, timeoutMs: timeout };
  const { delay: delayMs, maxDelay: maxDelayMs, ...rest } = retries;
  return { retry: { ...rest, delayMs, maxDelayMs }, timeoutMs: timeout };
}

/** The name of a sleep, if it has one. @throws {@link CronduitError} `INVALID_OPTION`, `INVALID_STEP` */
export function readSleepOptions(options: SleepOptions | undefined): string | undefined {
  if (options === undefined) return undefined;
  const { name } = parseOptions(sleepSchema, options, "sleep");
  if (name !== undefined) checkStepName(name, MAX_SLEEP_NAME);
  return name;
}

/** @throws {@link CronduitError} `INVALID_OPTION` */
export function readSleepDuration(duration: unknown): number {
  return parseOptions(sleepDuration, duration, "sleep");
}

/** @throws {@link CronduitError} `INVALID_STEP` */
export function checkStepName(name: unknown, max = MAX_STEP_NAME): asserts name is string {
  if (typeof name !== "string") throw invalidStep("A step's name must be text.");
  if (name.length === 0 || name.length > max || /\p{Cc}|\p{Surrogate}/u.test(name))
    throw invalidStep(
      `The step's name ${JSON.stringify(name.slice(0, 40))} must have 1 to ${max} characters and no control characters.`,
      name,
    );
  if (name.startsWith(RESERVED_STEP))
    throw invalidStep(
      `The step's name "${name}" begins with "${RESERVED_STEP}", which is kept for this package's own records.`,
      name,
    );
}

/** An error of code `INVALID_STEP`. */
export function invalidStep(message: string, step?: string): CronduitError {
  return new CronduitError("INVALID_STEP", message, {
    data: step === undefined ? {} : { step: step.slice(0, MAX_STEP_NAME) },
  });
}
