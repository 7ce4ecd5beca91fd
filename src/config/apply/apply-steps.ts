import { randomUUID } from "node:crypto";
import { isCronduitError, JobLookupError } from "../../core/errors.ts";
import type { Desk } from "../../scheduler/make-scheduler.ts";
import { JobStore, type OnTimed } from "../../scheduler/job-store.ts";
import type { Declaration } from "../../scheduler/declaration.ts";
import type { CheckedJob } from "./check-jobs.ts";
import { jobSourceOf } from "./source-name.ts";

/** Jobs of one step: so much is done at most by somebody who lost the lease meanwhile. */
const A_STEP = 100;
/** Jobs removed at the same time. */
const REMOVED_AT_ONCE = 10;
/** Jobs whose fault is kept. */
const MOST_FAILED = 50;

/** A job that could not be stored or removed. */
export interface FailedJob {
  readonly jobId: string;
  readonly code: string;
  readonly message: string;
}

/** Somebody else holds the lease, and goes on. */
export class LeaseLost extends Error {}

/** What the steps are made with. */
export interface ApplyingParts {
  readonly desk: Pick<Desk, "engine" | "rights">;
  readonly source: string;
  /** Called before each step. @returns whether the lease is still held */
  readonly hold: () => Promise<boolean>;
  readonly onTimed?: OnTimed | undefined;
}

/**
 * Stores and removes jobs, a bounded number a step. Each step may be repeated: a job that is as declared stays as it is.
 * @throws {@link LeaseLost}
 */
export async function applySteps(
  { desk, source, hold, onTimed }: ApplyingParts,
  jobs: readonly CheckedJob[],
  removed: readonly { readonly id: string }[],
): Promise<FailedJob[]> {
  const bulk = { id: randomUUID() };
  const store = new JobStore(desk.engine, desk.rights.by, { bulk, onTimed });
  const failed: FailedJob[] = [];
  const toStore = jobs.flatMap(({ declaration, stored }) =>
    // One whose schedule is over is not worth a job, but one that ran is kept.
    declaration.isOver && !stored ? [] : [declaration],
  );
  for (let at = 0; at < toStore.length; at += A_STEP) {
    if (!(await hold())) throw new LeaseLost();
    failed.push(...(await putStep(store, toStore.slice(at, at + A_STEP))));
  }
  const isOwn = jobSourceOf(source);
  for (let at = 0; at < removed.length; at += REMOVED_AT_ONCE) {
    if (!(await hold())) throw new LeaseLost();
    const ends = removed.slice(at, at + REMOVED_AT_ONCE).map(async ({ id }) => {
      try {
        await store.remove(id, ({ definition }) => definition.source === isOwn);
      } catch (error) {
        if (!(error instanceof JobLookupError)) failed.push(faultOf(id, error));
      }
    });
    await Promise.all(ends);
  }
  return failed.slice(0, MOST_FAILED);
}

async function putStep(store: JobStore, page: readonly Declaration[]): Promise<FailedJob[]> {
  try {
    await store.add(page);
    return [];
  } catch (error) {
    if (!isOfJob(error)) throw error;
  }
  // One of them is refused: the others are stored one by one.
  const failed: FailedJob[] = [];
  for (const declaration of page) {
    try {
      await store.add([declaration]);
    } catch (error) {
      failed.push(faultOf(declaration.definition.id, error));
    }
  }
  return failed;
}

/** Whether an error is about a job, and not about the server. */
function isOfJob(error: unknown): boolean {
  return ["CONFLICTING_ID", "INVALID_OPTION", "INVALID_STATE", "REVISION_CHANGED"].some((code) =>
    isCronduitError(error, code as "INVALID_OPTION"),
  );
}

/** @throws what is not about the job */
function faultOf(jobId: string, error: unknown): FailedJob {
  if (!isOfJob(error) || !isCronduitError(error)) throw error;
  return { jobId, code: error.code, message: error.message };
}
