import type { EpochMs } from "../../core/clock.ts";
import type { StoredEvent } from "../event.ts";
import type { LedgerRow } from "../ledger-row.ts";
import { isVisible, type Scoped } from "../scope.ts";
import type { JobEntry, QueueJobs, QueueState, RunningRun } from "./state.ts";

/**
 * One atomic step on a queue: what it finds and changes, its time, and the events that it causes, in their order. The same
 * state, time and request always give the same end.
 */
export interface Step {
  readonly state: QueueState;
  readonly queue: QueueJobs;
  /** The server's clock. */
  readonly now: EpochMs;
  readonly events: StoredEvent[];
  /** The rows that it adds to ledgers. */
  readonly rows: { readonly jobId: string; readonly row: LedgerRow }[];
}

/** Begins a step. */
export function stepOn(state: QueueState, queue: QueueJobs, now: EpochMs): Step {
  return { state, queue, now, events: [], rows: [] };
}

/** An event without its time; fields may be `undefined`. */
export type Told = Pick<StoredEvent, "name"> & {
  readonly [K in Exclude<keyof StoredEvent, "name" | "at">]?: StoredEvent[K] | undefined;
};

/** Adds an event, with the job's owner. Fields that are `undefined` are left out. */
export function tell(step: Step, { name, ...rest }: Told): void {
  const owner = rest.owner ?? ownerOf(step, rest.jobId);
  const fields = Object.entries({ ...rest, owner }).filter(([, value]) => value !== undefined);
  step.events.push({ name, at: step.now, ...Object.fromEntries(fields) });
}

/** Whose a job is; `undefined` if it has no owner or does not exist. */
export function ownerOf({ state }: Pick<Step, "state">, jobId = ""): string | undefined {
  return state.jobs.get(jobId)?.rules.owner ?? undefined;
}

/** The job of a request, if there is one in its scope. */
export function findJob(
  { state }: Pick<Step, "state">,
  { jobId, scope }: Scoped & { readonly jobId: string },
): JobEntry | undefined {
  const job = state.jobs.get(jobId);
  return job && isVisible(scope ?? "all", job.rules.owner ?? undefined) ? job : undefined;
}

/** A number that the fleet has not used. */
export function nextNumber({ state }: Step): number {
  return (state.numbers.last += 1);
}

/** A job's runs that have no verdict. */
export function runningOf({ state }: Pick<Step, "state">, jobId: string): RunningRun[] {
  return [...(state.running.get(jobId)?.values() ?? [])];
}

/** How many instances a job has. A backfill's runs are counted by the backfill. */
export function instancesOf(step: Pick<Step, "state">, jobId: string): number {
  let count = 0;
  for (const run of step.state.running.get(jobId)?.values() ?? [])
    if (run.kind !== "backfill") count += 1;
  return count;
}

/** Whether a job has as many instances as it may. */
export function isFull(step: Pick<Step, "state">, job: JobEntry): boolean {
  return instancesOf(step, job.id) >= job.rules.maxInstances;
}

/** How many of a job's runs are in progress, those of a backfill included. */
export function instancesOfAnyKind({ state }: Pick<Step, "state">, jobId: string): number {
  return state.running.get(jobId)?.size ?? 0;
}
