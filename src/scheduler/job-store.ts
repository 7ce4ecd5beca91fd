import { CronduitError, ConflictingIdError, JobLookupError } from "../core/errors.ts";
import type { Engine, JobChange, SkippedSpan } from "../engine/engine.ts";
import type { JobDefinition, StoredJob } from "../jobs/definition.ts";
import { queueOf } from "../jobs/queue.ts";
import { Schedule } from "../jobs/schedule.ts";
import type { SkipReason } from "../jobs/verdict.ts";
import type { Declaration } from "./declaration.ts";

/** How often a change is tried again because somebody else changed the job meanwhile. */
const MAX_TRIES = 50;
const REMOVE_PAGE = 200;

/** What becomes of a job: a new definition, a new schedule, a new state, or several of these. */
export type ChangePlan = Pick<
  JobChange,
  "definition" | "schedule" | "pausedReason" | "skipped" | "event"
>;

/** What is to become of a job as stored; `undefined` leaves it as it is. */
type Plan = (
  job: StoredJob,
  now: number,
) => Promise<ChangePlan | undefined> | ChangePlan | undefined;

/** Stores and changes jobs. */
export class JobStore {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Stores new jobs, all in few round trips. Those declared equally before stay as they are. */
  async add(declarations: readonly Declaration[]): Promise<void> {
    const results = await this.#engine.putJobs(declarations);
    const existing = declarations.filter((_, i) => results[i]?.outcome === "exists");
    const refused = existing.find(({ replaceExisting }) => !replaceExisting);
    for (const declaration of existing.filter(({ replaceExisting }) => replaceExisting)) {
      await this.#putOrReplace(declaration);
    }
    if (refused) throw new ConflictingIdError(refused.definition.id);
  }

  /** @throws {@link JobLookupError} if there is none. */
  async get(jobId: string): Promise<StoredJob> {
    const [job] = await this.#engine.getJobs([jobId]);
    if (!job) throw new JobLookupError(jobId);
    return job;
  }

  /**
   * Changes a job as `plan` says of the job as stored; plans again if somebody else changed it meanwhile. A plan of
   * `undefined` leaves the job as it is.
   * @throws {@link JobLookupError} if there is none.
   */
  async change(jobId: string, plan: Plan): Promise<StoredJob> {
    if (!(await this.#change(jobId, plan))) throw new JobLookupError(jobId);
    return this.get(jobId);
  }

  /** @returns Whether there is such a job. */
  async #change(jobId: string, plan: Plan): Promise<boolean> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const [job] = await this.#engine.getJobs([jobId]);
      const change = job && (await plan(job, await this.#engine.now()));
      if (!job || !change) return job !== undefined;
      const { outcome } = await this.#engine.changeJob({
        jobId,
        expectedRevision: job.revision,
        ...change,
      });
      if (outcome !== "conflict") return outcome === "changed";
    }
    throw tooBusy(jobId);
  }

  /** @throws {@link JobLookupError} if there is none. */
  async remove(jobId: string): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const job = await this.get(jobId);
      const now = await this.#engine.now();
      const isLast = tries === MAX_TRIES - 1;
      const outcome = await this.#engine.removeJob({
        jobId,
        expectedWatermark: isLast ? undefined : job.watermark,
        expectedRevision: isLast ? undefined : job.revision,
        skipped: undecided(job, now, job.state === "paused" ? "paused" : "removed"),
      });
      if (outcome === "removed") return;
      if (outcome === "missing") throw new JobLookupError(jobId);
    }
  }

  /** Removes every job there is; returns how many. */
  async removeAll(): Promise<number> {
    let removed = 0;
    let alreadyGone = 0;
    for (;;) {
      // An id that is only in the list is passed over: the reconciler clears it away.
      const ids = await this.#engine.listJobIds(alreadyGone, REMOVE_PAGE);
      if (ids.length === 0) return removed;
      const ends = await Promise.allSettled(ids.map((id) => this.remove(id)));
      const removedNow = ends.filter(({ status }) => status === "fulfilled").length;
      removed += removedNow;
      if (removedNow === 0) alreadyGone += ids.length;
      const failed = ends.find(
        (end) => end.status === "rejected" && !(end.reason instanceof JobLookupError),
      );
      if (failed?.status === "rejected") throw failed.reason;
    }
  }

  /** What was there a moment ago may be removed by now; then it is put, and not missed. */
  async #putOrReplace(declaration: Declaration): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      if (await this.#replace(declaration)) return;
      const [result] = await this.#engine.putJobs([declaration]);
      if (result?.outcome !== "exists") return;
    }
    throw tooBusy(declaration.definition.id);
  }

  async #replace(declaration: Declaration): Promise<boolean> {
    const { definition } = declaration;
    return this.#change(definition.id, (stored, now) => {
      if (stored.definition.declared.all === definition.declared.all) return undefined;
      refuseMove(stored.definition, queueOf(definition), "addJob");
      const event = { name: "JOB_MODIFIED", at: now, jobId: definition.id } as const;
      if (stored.definition.declared.schedule === definition.declared.schedule) {
        return { definition: keepSchedule(stored.definition, definition), event };
      }
      return { ...reschedule(stored, definition, now, declaration.watermark), event };
    });
  }
}

/**
 * A job stays on its queue, where its runs, its ledger and its queue jobs are.
 * @throws {@link CronduitError} `INVALID_OPTION` if it is to be on another one.
 */
export function refuseMove(stored: JobDefinition, queue: unknown, where: string): void {
  const known = queueOf(stored);
  if (queue === known) return;
  throw new CronduitError(
    "INVALID_OPTION",
    `${where}, option "queue": job "${stored.id}" is on queue "${known}", and a job can't change its queue. Remove it by removeJob and add it again.`,
    { data: { path: "queue", jobId: stored.id, queue: known } },
  );
}

function tooBusy(jobId: string): CronduitError {
  return new CronduitError(
    "INVALID_STATE",
    `Job "${jobId}" is being changed by many others; try again.`,
    { data: { jobId } },
  );
}

/** A new definition with the schedule of the old one, down to its anchor. */
export function keepSchedule(old: JobDefinition, fresh: JobDefinition): JobDefinition {
  const { timezone, trigger, calendars, jitter, firstRunAt, createdAt } = old;
  return {
    ...fresh,
    timezone,
    trigger,
    ...(calendars ? { calendars } : {}),
    jitter,
    firstRunAt,
    createdAt,
  };
}

/** Whether a schedule begins with a time that somebody gave, which is due at once if it has passed. */
export function isGivenByHand({ firstRunAt, trigger }: JobDefinition): boolean {
  return firstRunAt !== null || trigger.kind === "date";
}

/** What was decided stays so when the server's clock was set back: no fire time has its turn twice. */
export function decidedUpTo(job: StoredJob, instant: number): number {
  return Math.max(instant, job.watermark);
}

/** A change to a definition with another schedule. Pausing is untouched. */
export function reschedule(
  stored: StoredJob,
  definition: JobDefinition,
  now: number,
  from: number = now,
): Pick<ChangePlan, "definition" | "schedule" | "skipped"> {
  const watermark = isGivenByHand(definition) ? from : decidedUpTo(stored, from);
  const upcoming = new Schedule(definition).ahead(watermark);
  const state = stored.state === "paused" ? "paused" : upcoming.length > 0 ? "active" : "finished";
  return {
    definition: { ...definition, createdAt: stored.definition.createdAt },
    schedule: {
      state,
      watermark,
      upcoming,
      expectedWatermark: stored.watermark,
    },
    skipped: undecided(stored, now, stored.state === "paused" ? "paused" : "rescheduled"),
  };
}

/** The occurrences that are due and not decided yet, as one span. */
export function undecided(job: StoredJob, now: number, reason: SkipReason): SkippedSpan[] {
  if (job.state === "finished") return [];
  const span = new Schedule(job.definition).span(job.watermark, now);
  return span ? [{ ...span, verdict: "skipped", reason }] : [];
}
