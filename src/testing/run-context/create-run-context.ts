import { randomUUID } from "node:crypto";
import { CronduitError } from "../../core/errors.ts";
import { contextOf } from "../../execution/attempt.ts";
import type { AttemptInfo } from "../../execution/attempt-host.ts";
import { RunSteps } from "../../execution/step-runner.ts";
import { describePipeline } from "../../pipeline/pipeline-definition.ts";
import type { PipelineReference, SchemaOf } from "../../pipeline/pipeline.ts";
import { validateParamsNow } from "../../pipeline/params.ts";
import type { ParamsInput, ParamsSchema } from "../../pipeline/params-schema.ts";
import type { RunContext } from "../../pipeline/run-context.ts";
import { MockedSteps } from "./mocked-steps.ts";
import { type Recorded, RecordingHost } from "./recording-host.ts";
import {
  readRunContextOptions,
  type RunContextOptions,
  type RunContextSettings,
} from "./run-context-options.ts";

/** A context for one call of a pipeline's `run`. */
export interface TestRunContext<P extends ParamsSchema = undefined> extends RunContext<P> {
  readonly recorded: Recorded;
  /** Aborts `signal`, as a timeout or a cancellation does. @param reason @default an error `RUN_CANCELLED` */
  readonly abort: (reason?: unknown) => void;
}

/**
 * Makes the argument of a pipeline's `run`, to call that alone: `new NightlyReport(mailer).run(context)`. Steps, retries of
 * steps, sleeps and checks of names and results work as in production; sleeps and delays take no time.
 * @param options With `pipeline`, the params are parsed by its schema; without it, they are passed as they are.
 * @throws {@link CronduitError} `INVALID_PARAMS`, `INVALID_PIPELINE`, `INVALID_OPTION`, `INVALID_TIMEZONE`
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
  const settings = readRunContextOptions(options);
  const descriptor = "pipeline" in options ? describePipeline(options.pipeline) : undefined;
  const params = descriptor ? validateParamsNow(descriptor, options.params) : options.params;
  const info = infoOf(settings, descriptor?.name ?? "test");
  const mocked = new MockedSteps(settings.steps);
  const host = new RecordingHost(info.startedAt, mocked);
  const steps = new RunSteps(info, host);
  const report = (fraction: number, message: unknown): void => {
    host.progress.push({ fraction, message: typeof message === "string" ? message : undefined });
  };
  const context = contextOf(info, params, { steps, progress: { report }, host });
  const { step, sleep, sleepUntil } = context;
  // Not spread, which would call the getters.
  return Object.defineProperties(context, {
    step: { value: mocked.over(step) },
    sleep: { value: host.recording(sleep) },
    sleepUntil: { value: host.recording(sleepUntil) },
    previous: { value: settings.previous },
    recorded: { value: host.recorded },
    abort: { value: (reason: unknown = cancelled(info.runId)) => host.controller.abort(reason) },
  }) as TestRunContext<ParamsSchema>;
}

function cancelled(runId: string): CronduitError {
  return new CronduitError("RUN_CANCELLED", "aborted by the test", { data: { runId } });
}

function infoOf(settings: RunContextSettings, pipelineName: string): AttemptInfo {
  const { attempt, fireAt, runId, jobId, timezone, startedAt, interval } = settings;
  return {
    runId: runId ?? `test:${randomUUID()}`,
    jobId,
    pipelineName,
    timezone,
    kind: settings.trigger,
    fireAt,
    dueAt: fireAt,
    startedAt,
    start: 1,
    attempt,
    failures: attempt - 1,
    hasRetry: false,
    interval,
    previous: null,
    params: undefined,
  };
}
