import { within } from "../core/clock.ts";
import { type CronduitError, isCronduitError } from "../core/errors.ts";
import type { LastRun } from "../jobs/ledger-row.ts";
import type { PipelineDescriptor } from "../pipeline/pipeline-definition.ts";
import {
  createRunContainer,
  type DependencyContainer,
  type RunContainer,
} from "../pipeline/injection.ts";
import { describeError, interpretResult, summarizeResult } from "../pipeline/outcome.ts";
import { validateParams } from "../pipeline/params.ts";
import type { PreviousRun, RunContext, RunLog } from "../pipeline/run-context.ts";
import type { ParamsSchema } from "../pipeline/params-schema.ts";
import {
  ABORT_GRACE_MS,
  type AttemptEnd,
  type AttemptHost,
  type AttemptInfo,
} from "./attempt-host.ts";
import { ProgressWriter } from "./progress-writer.ts";
import { mayRetry } from "./retry-on.ts";
import { RunSteps } from "./step-runner.ts";

/** Upper bound of a result in the ledger. */
export const MAX_RESULT_BYTES = 4_096;
const REPLACED =
  "The result holds NUL or halves of surrogate pairs, which are stored as U+FFFD. Give binary data as base64, or its place.";

/** The work of an attempt. */
export interface AttemptWork {
  readonly descriptor: PipelineDescriptor;
  readonly container: DependencyContainer | undefined;
  /** The params as parsed by the schema, where the schema itself isn't available. */
  readonly output?: { readonly value: unknown };
}

/**
 * Executes one attempt of a run in this process. Never throws: a pipeline's error is part of the outcome. Waits for
 * steps that the pipeline left running.
 */
export async function performAttempt(
  info: AttemptInfo,
  { descriptor, container, output }: AttemptWork,
  host: AttemptHost,
): Promise<AttemptEnd> {
  const steps = new RunSteps(info, host);
  const progress = new ProgressWriter(host, info.attempt);
  let scope: RunContainer | undefined;
  try {
    const params = output ? output.value : (await validateParams(descriptor, info.params)).output;
    host.secrets?.learn(params);
    scope = createRunContainer(container);
    const pipeline = scope.create(descriptor);
    const context = contextOf(info, params, { steps, progress, host });
    const returned = await untilAsleep(steps, host, () => pipeline.run(context));
    if (steps.goesOnAt !== undefined) return { kind: "sleeping", until: steps.goesOnAt };
    const outcome = interpretResult(returned, host.secrets);
    const onReplaced = (): void => host.log("warn", REPLACED);
    const resultJson = summarizeResult(outcome.result, MAX_RESULT_BYTES, host.secrets, onReplaced);
    if (outcome.ok) return { kind: "succeeded", resultJson };
    const end = await failed(info, descriptor, host, reasonFor(outcome.error));
    return { ...end, resultJson, error: describeError(outcome.error, host.secrets) };
  } catch (error) {
    if (steps.goesOnAt !== undefined) return { kind: "sleeping", until: steps.goesOnAt };
    return await failed(info, descriptor, host, error);
  } finally {
    if (scope) await release(scope, host);
    if (progress.hasBegun) await progress.finish();
  }
}

/** What decides on a retry: the reason itself says more than the fact that one was reported. */
function reasonFor(error: CronduitError): unknown {
  return isCronduitError(error, "RUN_REPORTED_FAILURE") ? (error.cause ?? error) : error;
}

/** The run's result stands, whatever its dependencies do when they are disposed of. */
async function release(scope: RunContainer, host: AttemptHost): Promise<void> {
  try {
    await scope.dispose();
  } catch (error) {
    const { message } = describeError(error);
    const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
    host.log("error", message, { errors: errors.map((one) => describeError(one, host.secrets)) });
  }
}

/**
 * The pipeline's result. A run that called `sleep` goes to sleep even if its function swallows the signal; if the
 * function hangs, it is abandoned.
 */
async function untilAsleep(
  steps: RunSteps,
  host: AttemptHost,
  run: () => unknown,
): Promise<unknown> {
  const left = new Promise<unknown>((resolve, reject) => {
    const running = call(run);
    running.then(resolve, reject);
    steps.onSleep = () => void leave(running).then(resolve);
  });
  const leave = async (running: Promise<unknown>): Promise<void> => {
    const ended = running.then(isOver, isOver);
    if (!(await within(host.clock, ABORT_GRACE_MS, ended, "limit")))
      host.log("warn", "the pipeline did not end when sleep left it; the run sleeps all the same");
  };
  try {
    return await left;
  } finally {
    await steps.finish();
  }
}

async function call(run: () => unknown): Promise<unknown> {
  return run();
}

function isOver(): true {
  return true;
}

/** The outcome of an attempt that failed with this error. */
export async function failed(
  info: AttemptInfo,
  { pipeline }: PipelineDescriptor,
  host: AttemptHost,
  error: unknown,
): Promise<AttemptEnd & { kind: "failed" }> {
  return {
    kind: "failed",
    error: describeError(error, host.secrets),
    // If the attempt was told to stop, the one who told it knows the reason better.
    mayRetry: !host.signal.aborted && (await mayRetry(pipeline, error, info, host)),
  };
}

/** What a context does its work with. */
export interface ContextParts {
  readonly steps: Pick<RunSteps, "step" | "sleep" | "sleepUntil">;
  readonly progress: Pick<ProgressWriter, "report">;
  readonly host: Pick<AttemptHost, "signal" | "log">;
}

/** What the pipeline's `run` receives. */
export function contextOf(
  info: AttemptInfo,
  params: unknown,
  { steps, progress, host }: ContextParts,
): RunContext<ParamsSchema> {
  return {
    runId: info.runId,
    jobId: info.jobId,
    pipelineName: info.pipelineName,
    fireTime: new Date(info.fireAt),
    scheduledAt: new Date(info.dueAt),
    startedAt: new Date(info.startedAt),
    attempt: info.attempt,
    params,
    get signal() {
      return host.signal;
    },
    log: runLog(host),
    trigger: info.kind,
    // Computed on demand: few ask for it, and it needs the trigger.
    get interval() {
      const { startAt, endAt } = info.interval;
      return { start: new Date(startAt), end: new Date(endAt) };
    },
    step: steps.step,
    sleep: steps.sleep,
    sleepUntil: steps.sleepUntil,
    progress: (fraction, message) => progress.report(fraction, message),
    previous: info.previous ? previousRun(info.previous) : undefined,
  };
}

function previousRun(last: LastRun): PreviousRun {
  return {
    runId: last.id,
    verdict: last.verdict,
    fireTime: new Date(last.fireAt),
    startedAt: new Date(last.startedAt),
    finishedAt: new Date(last.finishedAt),
    ...(last.result === undefined ? {} : { result: last.result }),
  };
}

function runLog(host: ContextParts["host"]): RunLog {
  return {
    debug: (message, fields) => host.log("debug", message, fields),
    info: (message, fields) => host.log("info", message, fields),
    warn: (message, fields) => host.log("warn", message, fields),
    error: (message, fields) => host.log("error", message, fields),
    output: (line, fields) => host.log("output", line, fields),
  };
}
