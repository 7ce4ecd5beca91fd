import type { EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import type { JobDefinition } from "../jobs/definition.ts";
import { DEFAULT_QUEUE } from "../jobs/queue.ts";
import { NO_TIME, Schedule } from "../jobs/schedule.ts";
import { describePipeline, type PipelineDescriptor } from "../pipeline/pipeline-definition.ts";
import { Pipeline, type PipelineReference } from "../pipeline/pipeline.ts";
import { declare, type DeclarationContext } from "../scheduler/declaration.ts";
import type { AddJobOptions } from "../scheduler/add-job-options.ts";
import type { JobSnapshot } from "../scheduler/job.ts";

/**
 * A job to simulate: options as for `addJob` with an id; an entry as for `addJobs`; or a job that a scheduler returned
 * (`addJob`, `getJob`, `getJobs`).
 */
export type JobToSimulate =
  | (AddJobOptions & { readonly id: string })
  | { readonly pipeline: PipelineReference; readonly options: AddJobOptions }
  | JobSnapshot;

/** A job that was read. */
export interface FleetEntry {
  readonly definition: JobDefinition;
  /** Occurrences up to here are no part of the simulation. */
  readonly watermark: EpochMs;
  readonly isPaused: boolean;
}

/** Stands for the pipelines of jobs that are given without one: nothing of theirs is executed. */
class NotExecuted extends Pipeline {
  run(): never {
    throw new Error("a simulation executes nothing");
  }
}

/**
 * Reads the jobs as if they were added, or had been read, at the start of the period.
 * @throws {@link CronduitError} as `addJob`, with the job's place in the list; `INVALID_OPTION` for an id that is there
 * twice.
 */
export async function readJobs(
  given: readonly JobToSimulate[],
  context: DeclarationContext,
): Promise<FleetEntry[]> {
  const entries: FleetEntry[] = [];
  const seen = new Map<string, number>();
  for (const [index, job] of given.entries()) {
    if (!("options" in job) && (job as { id?: unknown }).id === undefined)
      throw invalid("a job without a pipeline needs an id", index);
    const entry = await readInPlace(job, index, context);
    const { id } = entry.definition;
    const first = seen.get(id);
    if (first !== undefined) throw invalid(`"${id}" is the id of job ${first}, too`, index);
    seen.set(id, index);
    entries.push(entry);
  }
  return entries;
}

/** Says of which job an error is. */
async function readInPlace(
  job: JobToSimulate,
  index: number,
  context: DeclarationContext,
): Promise<FleetEntry> {
  try {
    return await readJob(job, context);
  } catch (error) {
    if (error instanceof CronduitError)
      error.message = placed(`simulate, ${nameOf(job, index)}`, error.message);
    throw error;
  }
}

/** Nobody who simulates has called `addJob`. */
function placed(where: string, message: string): string {
  return message.startsWith("addJob, ")
    ? `${where}, ${message.slice("addJob, ".length)}`
    : `${where}: ${message}`;
}

function nameOf(job: JobToSimulate, index: number): string {
  const options: { readonly id?: unknown } | undefined = "options" in job ? job.options : job;
  return options?.id === undefined ? `job ${index}` : `job ${shown(options.id)}`;
}

/** @throws {@link CronduitError} `INVALID_OPTION` */
export function listOf(given: unknown): JobToSimulate[] {
  const isIterable = typeof given === "object" && given !== null && Symbol.iterator in given;
  const list = isIterable ? [...(given as Iterable<unknown>)] : undefined;
  if (list?.every((job) => typeof job === "object" && job !== null)) return list as JobToSimulate[];
  throw invalid(
    'a list of jobs is needed: options as for addJob with an id, such as { id: "nightly", trigger: "cron", hour: 2 }; { pipeline, options }; or jobs of a scheduler',
  );
}

function invalid(what: string, index?: number): CronduitError {
  const where = index === undefined ? "" : `, job ${index}`;
  const path = index === undefined ? "jobs" : `jobs.${index}`;
  return new CronduitError("INVALID_OPTION", `simulate${where}: ${what}.`, { data: { path } });
}

function readJob(
  job: JobToSimulate,
  context: DeclarationContext,
): Promise<FleetEntry> | FleetEntry {
  if (isSnapshot(job)) return fromSnapshot(job, context.now);
  if ("options" in job && "pipeline" in job)
    return read(descriptorOf(job.pipeline), job.options, context);
  // How and with what it is executed does not matter.
  const { params: _, isolate: __, ...options } = job;
  return read({ ...describePipeline(NotExecuted), name: "" }, options, context);
}

function descriptorOf(pipeline: PipelineReference): PipelineDescriptor {
  if (typeof pipeline !== "string") return describePipeline(pipeline);
  return { ...describePipeline(NotExecuted), name: pipeline };
}

async function read(
  descriptor: PipelineDescriptor,
  options: unknown,
  context: DeclarationContext,
): Promise<FleetEntry> {
  const { definition, watermark, state } = await declare(descriptor, options, context);
  return { definition, watermark, isPaused: state === "paused" };
}

function isSnapshot(job: JobToSimulate): job is JobSnapshot {
  return "policy" in job && "revision" in job;
}

function fromSnapshot(job: JobSnapshot, now: EpochMs): FleetEntry {
  const nextAt = job.nextRunTime?.getTime() ?? null;
  const definition: JobDefinition = {
    id: job.id,
    pipeline: job.pipeline,
    ...(job.queue === DEFAULT_QUEUE ? {} : { queue: job.queue }),
    tags: job.tags,
    params: job.params,
    timezone: job.timezone,
    trigger: job.trigger,
    ...(job.calendars ? { calendars: job.calendars } : {}),
    jitter: job.jitter,
    firstRunAt: null,
    policy: job.policy,
    retention: job.retention,
    logs: { maxBytes: 0, runs: 1, ageMs: 0 },
    secrets: [],
    createdAt: job.createdAt.getTime(),
    declared: { all: job.id, schedule: job.id },
  };
  const isPaused = job.state === "paused";
  // A first time that is not the trigger's own, by the option `nextRunTime`.
  const isExtra = nextAt !== null && nextAt >= now && !new Schedule(definition).has(nextAt);
  return {
    definition: isExtra ? { ...definition, firstRunAt: nextAt } : definition,
    watermark: Math.max(now - 1, NO_TIME),
    isPaused,
  };
}
