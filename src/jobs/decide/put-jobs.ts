import type { StoredJob } from "../definition.ts";
import type { JobPut } from "../job-requests.ts";
import { noteAdded } from "./changes.ts";
import { ledgerOf } from "./retention.ts";
import { rulesOf } from "./rules-of.ts";
import type { JobEntry } from "./state.ts";
import { nextNumber, type Step, tell } from "./step.ts";
import { storedJob } from "./stored-job.ts";
import { linkCondition } from "./condition-links.ts";
import { noteTimed } from "./timed-changes.ts";
import { addNext } from "./upcoming.ts";
import { wakeDependents } from "./wakeups.ts";

/** A job to be stored; `claim` on queues other than the default one. */
export type PutWithClaim = JobPut & { readonly claim?: number };

/** What came of it. `void`: the claim was given up meanwhile. */
export type PutAnswer = (
  | { readonly outcome: "created"; readonly generation: number }
  | { readonly outcome: "same" | "exists" | "void" }
) & { readonly job?: StoredJob };

/**
 * Stores jobs that are not stored yet. One with an equal declaration is left as it is, and so is one with another. The
 * default queue refuses ids that another queue has claimed; the others take only jobs whose claim holds.
 */
export function putJobs(step: Step, puts: readonly PutWithClaim[]): PutAnswer[] {
  const created: string[] = [];
  const answers = puts.map((put): PutAnswer => {
    const answer = putJob(step, put);
    if (answer.outcome === "created") created.push(put.definition.id);
    const job = put.isRead === true && step.state.jobs.get(put.definition.id);
    return job ? { ...answer, job: storedJob(step.state, job) } : answer;
  });
  wakeDependents(step, created);
  return answers;
}

function putJob(step: Step, put: PutWithClaim): PutAnswer {
  const { definition, claim } = put;
  const { jobs, homes, fence } = step.state;
  const known = jobs.get(definition.id);
  if (known) return { outcome: known.declared === definition.declared.all ? "same" : "exists" };
  if (claim === undefined) {
    if (homes.has(definition.id)) return { outcome: "exists" };
  } else if (claim <= fence.claim) return { outcome: "void" };
  const job = newEntry(step, put);
  jobs.set(job.id, job);
  const removed = step.state.revisions.get(job.id)?.at(-1);
  // What a removed job of this id left may be somebody else's.
  if (removed && removed.owner !== definition.owner) job.handedOver = { at: step.now, counts: {} };
  noteTimed(step, job.id, put.changesAt);
  if (job.next) addNext(step, job, job.next);
  if (step.state.ledgers.has(job.id)) ledgerOf(step, job.id).expiresAt = null;
  linkCondition(step, job);
  tell(step, { name: "JOB_ADDED", jobId: job.id, by: put.by });
  noteAdded(step, put);
  return { outcome: "created", generation: job.generation };
}

/** A job that has not run yet. */
export function newEntry(
  step: Step,
  put: Omit<JobPut, "state" | "by" | "bulk"> & Pick<JobEntry, "state">,
): JobEntry {
  const { definition, state, watermark, upcoming } = put;
  const number = nextNumber(step);
  return {
    id: definition.id,
    definition: JSON.stringify(definition),
    declared: definition.declared.all,
    rules: rulesOf(definition),
    revision: number,
    generation: number,
    state,
    watermark,
    next: (state === "active" && upcoming[0]) || null,
    pausedAt: state === "paused" ? step.now : null,
    pausedReason: null,
    pausedUntil: null,
    finishedAt: null,
    overdueFireAt: null,
    queued: [],
    requests: new Map(),
    asked: new Map(),
    wakeups: new Set(),
    timedWakeup: null,
    counts: {},
    lastRun: null,
    lastScheduledRun: null,
    lastSuccessAt: null,
    successStreak: 0,
    failuresInARow: 0,
    backfill: null,
    skips: new Map(),
    handedOver: null,
  };
}
