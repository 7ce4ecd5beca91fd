import type { DependencyContainer } from "../pipeline/injection.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { AdmittedRun } from "../engine/engine.ts";
import type { JobDefinition } from "../jobs/definition.ts";
import type { LastRun } from "../jobs/run.ts";
import type { PipelineDescriptor } from "../pipeline/definition.ts";
import { createRunContainer } from "../pipeline/injection.ts";
import {
  describeError,
  interpretResult,
  type RunError,
  summarizeResult,
} from "../pipeline/outcome.ts";
import { validateParams } from "../pipeline/params.ts";
import type { PreviousRun, RunContext, RunLog } from "../pipeline/run-context.ts";
import type { ParamsSchema } from "../pipeline/schema.ts";

/** How much of a result the ledger keeps. */
const MAX_RESULT_BYTES = 4_096;

/** How an attempt ended. */
export interface RunOutcome {
  readonly ok: boolean;
  readonly durationMs: number;
  readonly resultJson: string | undefined;
  readonly error: RunError | undefined;
}

/** What an attempt is made of. */
export interface ExecutionParts {
  readonly descriptor: PipelineDescriptor;
  readonly container: DependencyContainer | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Executes one attempt of a run. Never throws: what the pipeline throws is part of the outcome. */
export async function execute(
  run: AdmittedRun,
  definition: JobDefinition,
  parts: ExecutionParts,
): Promise<RunOutcome> {
  const from = parts.clock.elapsed();
  const outcome = await attempt(run, definition, parts);
  return { ...outcome, durationMs: parts.clock.elapsed() - from };
}

async function attempt(
  run: AdmittedRun,
  definition: JobDefinition,
  { descriptor, container, logger, signal }: ExecutionParts,
): Promise<Omit<RunOutcome, "durationMs">> {
  try {
    const given = run.params === undefined ? definition.params : run.params;
    const params = await validateParams(descriptor, given);
    await using scope = createRunContainer(container);
    const pipeline = scope.create(descriptor);
    const context = contextOf(run, definition, params.output, signal, logger);
    const outcome = interpretResult(await pipeline.run(context));
    const resultJson = summarizeResult(outcome.result, MAX_RESULT_BYTES);
    return {
      ok: outcome.ok,
      resultJson,
      error: outcome.ok ? undefined : describeError(outcome.error),
    };
  } catch (error) {
    return { ok: false, resultJson: undefined, error: describeError(error) };
  }
}

function contextOf(
  run: AdmittedRun,
  definition: JobDefinition,
  params: unknown,
  signal: AbortSignal,
  logger: Logger,
): RunContext<ParamsSchema> {
  return {
    runId: run.runId,
    jobId: definition.id,
    pipelineName: definition.pipeline,
    fireTime: new Date(run.fireAt),
    scheduledAt: new Date(run.dueAt),
    startedAt: new Date(run.startedAt),
    attempt: run.attempt,
    params,
    signal,
    log: runLog(logger, { runId: run.runId, jobId: definition.id, attempt: run.attempt }),
    trigger: run.kind,
    previous: run.lastRun ? previousRun(run.lastRun) : undefined,
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

function runLog(logger: Logger, about: Readonly<Record<string, unknown>>): RunLog {
  return {
    debug: (message, fields) => logger.debug(message, { ...about, ...fields }),
    info: (message, fields) => logger.info(message, { ...about, ...fields }),
    warn: (message, fields) => logger.warn(message, { ...about, ...fields }),
    error: (message, fields) => logger.error(message, { ...about, ...fields }),
  };
}
