import { randomUUID } from "node:crypto";
import { type EpochMs, systemClock } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import { contextOf } from "../../execution/attempt.ts";
import type { AttemptInfo } from "../../execution/attempt-host.ts";
import { RunSteps } from "../../execution/step-runner.ts";
import { describePipeline } from "../../pipeline/pipeline-definition.ts";
import type { PipelineReference, SchemaOf } from "../../pipeline/pipeline.ts";
import { validateParamsNow } from "../../pipeline/params.ts";
import type { ParamsInput, ParamsSchema } from "../../pipeline/params-schema.ts";
import type { PreviousRun, RunContext, RunTrigger } from "../../pipeline/run-context.ts";
import { type InstantInput, parseInstant } from "../../triggers/time/parse-instant.ts";
import { type StepMock, withMocks } from "./mocked-steps.ts";
import { type Recorded, RecordingHost } from "./recording-host.ts";

/** A context for one call of a pipeline's `run`. */
export interface TestRunContext<P extends ParamsSchema = undefined> extends RunContext<P> {
  readonly recorded: Recorded;
  /** Aborts `signal`, as a timeout or a cancellation does. @param reason @default an error `RUN_CANCELLED` */
  readonly abort: (reason?: unknown) => void;
}

/** What the context says about its run; everything has a default. */
export interface RunContextOptions {
  /** Replaces the work of steps, by their names: a function to call instead, an error to throw, or the result. @default none */
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

/**
 * Makes the argument of a pipeline's `run`, to call that alone: `new NightlyReport(mailer).run(context)`. Steps, retries of
 * steps, sleeps and checks of names and results work as in production; sleeps and delays take no time.
 * @param options With `pipeline`, the params are parsed by its schema; without it, they are passed as they are.
 * @throws {@link CronduitError} `INVALID_PARAMS`, `INVALID_PIPELINE`, `INVALID_OPTION`
 * @example
 * const context = createRunContext({ pipeline: NightlyReport, params: { region: "eu" }, steps: { extract: [1, 2] } });
 * assert.deepEqual(await new NightlyReport().run(context), { rows: 2 });
 */
export function createRunContext<R extends Exclude<PipelineReference, string>>(
  options: RunContextOptions & {
    readonly pipeline: R;
    readonly params?: ParamsInput<SchemaOf<R>>;
  },
): TestRunContext<SchemaOf<R>>;
/** Makes the argument of a pipeline's `run` from params that were parsed. */
export function createRunContext<T>(
  options?: RunContextOptions & { readonly params?: T },
): Omit<TestRunContext, "params"> & { readonly params: T };
export function createRunContext(
  options: RunContextOptions & { readonly pipeline?: unknown; readonly params?: unknown } = {},
): TestRunContext<ParamsSchema> {
  const descriptor =
    options.pipeline === undefined ? undefined : describePipeline(options.pipeline);
  const params = descriptor ? validateParamsNow(descriptor, options.params) : options.params;
  const info = infoOf(options, descriptor?.name ?? "test");
  const host = new RecordingHost(info.startedAt);
  const steps = new RunSteps(info, host);
  const report = (fraction: number, message: unknown): void => {
    host.progress.push({ fraction, message: typeof message === "string" ? message : undefined });
  };
  const context = contextOf(info, params, { steps, progress: { report }, host });
  const { step, sleep, sleepUntil } = context;
  // Not spread, which would call the getters.
  return Object.defineProperties(context, {
    step: { value: withMocks(step, options.steps ?? {}) },
    sleep: { value: host.recording(sleep) },
    sleepUntil: { value: host.recording(sleepUntil) },
    previous: { value: options.previous },
    recorded: { value: host.recorded },
    abort: { value: (reason: unknown = cancelled(info.runId)) => host.controller.abort(reason) },
  }) as TestRunContext<ParamsSchema>;
}

function cancelled(runId: string): CronduitError {
  return new CronduitError("RUN_CANCELLED", "aborted by the test", { data: { runId } });
}

function infoOf(options: RunContextOptions, pipelineName: string): AttemptInfo {
  const { attempt = 1, timezone = "UTC", interval } = options;
  const at = (input: InstantInput, path: string): EpochMs =>
    parseInstant(input, timezone, path).instant;
  const startedAt = options.now === undefined ? systemClock.now() : at(options.now, "now");
  const fireAt = options.fireTime === undefined ? startedAt : at(options.fireTime, "fireTime");
  return {
    runId: options.runId ?? `test:${randomUUID()}`,
    jobId: options.jobId ?? "test",
    pipelineName,
    timezone,
    kind: options.trigger ?? "scheduled",
    fireAt,
    dueAt: fireAt,
    startedAt,
    start: 1,
    attempt,
    failures: attempt - 1,
    hasRetry: false,
    interval: interval
      ? { startAt: at(interval.start, "interval.start"), endAt: at(interval.end, "interval.end") }
      : { startAt: fireAt - 86_400_000, endAt: fireAt },
    previous: null,
    params: undefined,
  };
}
