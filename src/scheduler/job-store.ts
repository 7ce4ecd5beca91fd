import { randomUUID } from "node:crypto";
import type { EpochMs } from "../core/clock.ts";
import { CronduitError, ConflictingIdError, JobLookupError } from "../core/errors.ts";
import type { Engine, JobPlace, JobPut, JobPutResult } from "../engine/port/engine.ts";
import type { Actor } from "../jobs/actor.ts";
import type { StoredJob } from "../jobs/definition.ts";
import type { Bulk } from "../jobs/noted-change.ts";
import { changesAtOf } from "../jobs/overrides.ts";
import { noteOf, noteOfRemoval } from "./change-note.ts";
import { type ChangePlan, undecided } from "./change-plan.ts";
import { compareSchedules, type Declaration } from "./declaration.ts";
import { differencesOf } from "./differences.ts";
import { requireRevision, revisionChanged } from "./if-revision.ts";
import { replacePlan } from "./job-changes.ts";
import { declaredJob, underOverrides } from "./override-plans.ts";
import { refuseTakeOver } from "./take-over.ts";

/** How often a change is retried after somebody else changed the job first. */
const MAX_TRIES = 50;
const REMOVE_PAGE = 200;
const COMPARE_PAGE = 200;

/** Plans the change of a stored job; `undefined` leaves it unchanged. */
type Plan = (
  job: StoredJob,
  now: number,
) => Promise<ChangePlan | undefined> | ChangePlan | undefined;

/** What became of jobs to be stored. */
export interface AddedJobs {
  /** Those that are new. */
  readonly added: readonly Declaration[];
  /** The job as it is stored now, if there was only one and the server answered it. */
  readonly stored: StoredJob | undefined;
}

/** Hears that something of a job changes by itself in so many milliseconds. */
export type OnTimed = (jobId: string, inMs: number) => void;

/** What else concerns the changes of a {@link JobStore}. */
export interface JobStoreParts {
  /** The call that they are a part of. */
  readonly bulk?: Bulk;
  readonly onTimed?: OnTimed | undefined;
}

/** Stores and changes jobs. */
export class JobStore {
  readonly #engine: Pick<Engine, "jobs" | "now">;
  readonly #by: Actor;
  readonly #bulk: Bulk | undefined;
  readonly #onTimed: OnTimed | undefined;

  /** @param by Who makes the changes. */
  constructor(engine: Pick<Engine, "jobs" | "now">, by: Actor, more: JobStoreParts = {}) {
    this.#engine = engine;
    this.#by = by;
    this.#bulk = more.bulk;
    this.#onTimed = more.onTimed;
  }

  /**
   * Stores new jobs in few round trips. Jobs already stored from an equal declaration stay unchanged.
   * @returns The jobs that are new, and a single job as it is stored now.
   * @throws {@link ConflictingIdError} for the first that differs from the stored job, or whose id is somebody else's; the others
   * are stored.
   * `REVISION_CHANGED` for a stored job that is not as expected.
   */
  async add(declarations: readonly Declaration[]): Promise<AddedJobs> {
    // The caller of one job wants to see it; this saves reading it again.
    const isSingle = declarations.length === 1;
    const more = isSingle ? { isRead: true } : { bulk: { id: randomUUID() } };
    // Those are there, or the call fails.
    const known = declarations.filter(({ ifRevision }) => typeof ifRevision === "number");
    for (const declaration of known) await this.#replaceKnown(declaration);
    const others = declarations.filter((each) => !known.includes(each));
    const put = await this.#putAll(others, more);
    return { added: put.added, stored: known.length > 0 ? undefined : put.stored };
  }

  async #putAll(
    declarations: readonly Declaration[],
    more: Pick<JobPut, "isRead" | "bulk">,
  ): Promise<AddedJobs> {
    const results = await this.#engine.jobs.put(
      declarations.map((each) => ({ ...this.#put(each), ...more })),
    );
    const stored = more.isRead ? results[0]?.job : undefined;
    const added = new Set(declarations.filter((_, i) => results[i]?.outcome === "created"));
    const taken = new Set(declarations.filter((_, i) => results[i]?.outcome === "taken"));
    for (const declaration of declarations)
      if (declaration.ifRevision === "none" && !added.has(declaration) && !taken.has(declaration))
        throw await this.#isThere(declaration);
    // With `always`, one that was declared just so may have been changed since.
    const isToReplace = ({ replaceExisting }: Declaration, i: number): boolean =>
      results[i]?.outcome === "exists" ? replaceExisting !== false : replaceExisting === "always";
    const toReplace = declarations.filter(
      (declaration, i) =>
        !added.has(declaration) && !taken.has(declaration) && isToReplace(declaration, i),
    );
    const existing = declarations.filter((_, i) => results[i]?.outcome === "exists");
    for (const declaration of toReplace) {
      await this.#putOrReplace(declaration);
    }
    const [foreign] = taken;
    if (foreign) throw new ConflictingIdError(foreign.definition.id);
    const others = existing.filter(({ replaceExisting }) => replaceExisting === false);
    for (let at = 0; at < others.length; at += COMPARE_PAGE) {
      const page = others.slice(at, at + COMPARE_PAGE);
      const known = stored
        ? [stored]
        : await this.#engine.jobs.get(page.map(({ definition }) => definition.id));
      for (const [i, declaration] of page.entries())
        if (await this.#putOrRefuse(declaration, known[i])) added.add(declaration);
    }
    return {
      added: declarations.filter((declaration) => added.has(declaration)),
      stored: toReplace.length > 0 ? undefined : stored,
    };
  }

  /** @throws {@link CronduitError} `REVISION_CHANGED` */
  async #replaceKnown(declaration: Declaration): Promise<void> {
    const { definition, ifRevision } = declaration;
    if (!(await this.#replace(declaration)))
      throw revisionChanged(definition.id, ifRevision ?? "none", null);
  }

  /** The error for a job that was to be new. */
  async #isThere({ definition: { id } }: Declaration): Promise<CronduitError> {
    const [job] = await this.#engine.jobs.get([id]);
    return revisionChanged(id, "none", job?.revision ?? null);
  }

  /** @throws {@link JobLookupError} if there is none. */
  async get(jobId: string): Promise<StoredJob> {
    const [job] = await this.#engine.jobs.get([jobId]);
    if (!job) throw new JobLookupError(jobId);
    return job;
  }

  /**
   * Applies `plan` to the stored job, and plans again if somebody else changed it first. `undefined` leaves the job
   * unchanged.
   * @param ifRevision Only if the job has this revision.
   * @throws {@link JobLookupError} if there is none; `REVISION_CHANGED`.
   */
  async change(jobId: string, plan: Plan, ifRevision?: number): Promise<StoredJob> {
    const changed = await this.#change(jobId, plan, ifRevision);
    if (!changed) throw new JobLookupError(jobId);
    const [job] = await this.#engine.jobs.get([jobId]);
    // Somebody may have removed it since, but it was changed.
    return job ?? changed;
  }

  /** As {@link change}, but without reading what became of it. @returns Whether there is such a job. */
  async tryChange(jobId: string, plan: Plan, ifRevision?: number): Promise<boolean> {
    return (await this.#change(jobId, plan, ifRevision)) !== undefined;
  }

  /** @returns The job as the change left it; `undefined` if there is none. */
  async #change(jobId: string, plan: Plan, ifRevision?: number): Promise<StoredJob | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const [job] = await this.#engine.jobs.get([jobId]);
      if (!job) return undefined;
      // The step that changes it looks once more: of any other revision it makes a conflict, and that is found here.
      requireRevision(job, ifRevision);
      const now = await this.#engine.now();
      const planned = await plan(job, now);
      if (!planned) return job;
      const { asOf: _, ...change } = planned;
      const timed = timedBy(job, change);
      const { outcome } = await this.#engine.jobs.change({
        jobId,
        expectedRevision: job.revision,
        by: this.#by,
        bulk: this.#bulk,
        ...change,
        note: noteOf(job, planned, now),
        ...timed,
      });
      if (outcome === "conflict") continue;
      if (typeof timed.changesAt === "number") this.#onTimed?.(jobId, timed.changesAt - now);
      return outcome === "changed" ? asChanged(job, planned) : undefined;
    }
    throw tooBusy(jobId);
  }

  /**
   * @param isToGo Asked of the job before each try; it goes only as it was then. Absent: it goes whatever others change.
   * @param ifRevision Only if it has this revision.
   * @returns Whether it was removed; else it was not to go.
   * @throws {@link JobLookupError} if there is none; `REVISION_CHANGED`.
   */
  async remove(
    jobId: string,
    isToGo?: (job: StoredJob) => boolean,
    ifRevision?: number,
  ): Promise<boolean> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const job = await this.get(jobId);
      requireRevision(job, ifRevision);
      if (isToGo && !isToGo(job)) return false;
      const now = await this.#engine.now();
      const isLast = !isToGo && ifRevision === undefined && tries === MAX_TRIES - 1;
      const outcome = await this.#engine.jobs.remove({
        jobId,
        expectedWatermark: isLast ? undefined : job.watermark,
        expectedRevision: isLast ? undefined : job.revision,
        skipped: undecided(job, now, job.state === "paused" ? "paused" : "removed"),
        by: this.#by,
        bulk: this.#bulk,
        note: noteOfRemoval(job, now),
      });
      if (outcome === "removed") return true;
      if (outcome === "missing") throw new JobLookupError(jobId);
    }
    throw tooBusy(jobId);
  }

  /** Removes every job. @returns How many there were. */
  async removeAll(): Promise<number> {
    let removed = 0;
    const together = new JobStore(this.#engine, this.#by, { bulk: { id: randomUUID() } });
    let after: JobPlace | undefined;
    for (let removedHere = 0; ;) {
      const page = await this.#engine.jobs.list(
        { filter: {}, order: "id", after, limit: REMOVE_PAGE, mostLooked: REMOVE_PAGE },
        "all",
      );
      const ends = await Promise.allSettled(page.found.map(({ id }) => together.remove(id)));
      removedHere += ends.filter(({ status }) => status === "fulfilled").length;
      const failed = ends.find(
        (end) => end.status === "rejected" && !(end.reason instanceof JobLookupError),
      );
      if (failed?.status === "rejected") throw failed.reason;
      after = page.next;
      if (after) continue;
      removed += removedHere;
      // Others may have added jobs meanwhile.
      if (removedHere === 0) return removed;
      removedHere = 0;
    }
  }

  #put(declaration: Declaration): JobPut {
    const by = this.#by;
    // Programs add most jobs, and need no word about it in each.
    if (by.kind === "code") return { ...declaration, by };
    return { ...declaration, definition: { ...declaration.definition, addedBy: by }, by };
  }

  /** A job that existed a moment ago may have been removed since; it is then stored. */
  async #putOrReplace(declaration: Declaration): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      if (await this.#replace(declaration)) return;
      if ((await this.#putAgain(declaration)) !== "exists") return;
    }
    throw tooBusy(declaration.definition.id);
  }

  /**
   * Leaves a stored job unchanged if the declaration differs only in wording.
   * @returns Whether it was stored, because the existing job has been removed since.
   * @throws {@link ConflictingIdError} if they differ in substance.
   */
  async #putOrRefuse(declaration: Declaration, found: StoredJob | undefined): Promise<boolean> {
    const { id } = declaration.definition;
    let stored = found;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      if (stored) {
        const differences = differencesOf(stored.definition, declaration);
        if (differences.length > 0) throw new ConflictingIdError(id, differences);
        return false;
      }
      const outcome = await this.#putAgain(declaration);
      if (outcome !== "exists") return outcome === "created";
      [stored] = await this.#engine.jobs.get([id]);
    }
    throw tooBusy(id);
  }

  /** @throws {@link ConflictingIdError} if the id is somebody else's. */
  async #putAgain(declaration: Declaration): Promise<JobPutResult["outcome"] | undefined> {
    const [result] = await this.#engine.jobs.put([this.#put(declaration)]);
    if (result?.outcome === "taken") throw new ConflictingIdError(declaration.definition.id);
    return result?.outcome;
  }

  async #replace(declaration: Declaration): Promise<boolean> {
    const { definition, ifRevision } = declaration;
    return this.tryChange(
      definition.id,
      (stored, now) => {
        refuseTakeOver(stored.definition, definition);
        const plan = replacePlan(declaredJob(stored), declaration, now);
        const { isPausing } = compareSchedules(stored.definition, definition);
        return plan && underOverrides(stored, plan, { isPausing, now });
      },
      ifRevision === "none" ? undefined : ifRevision,
    );
  }
}

/** When something of a job changes by itself, if that may be another time than before. */
function timedBy(
  { definition, pausedUntil }: StoredJob,
  change: Pick<ChangePlan, "definition" | "schedule" | "pausedUntil">,
): { readonly changesAt?: EpochMs | null } {
  const isPaused = change.schedule ? change.schedule.state === "paused" : pausedUntil !== null;
  const until = change.pausedUntil === undefined ? pausedUntil : change.pausedUntil;
  const before = changesAtOf(definition, pausedUntil);
  const after = changesAtOf(change.definition ?? definition, isPaused ? until : null);
  return before === null && after === null ? {} : { changesAt: after };
}

/** A job as a change leaves it, as far as the change says. */
function asChanged(job: StoredJob, { definition, schedule }: ChangePlan): StoredJob {
  const next = schedule?.state === "active" ? schedule.upcoming[0] : undefined;
  return {
    ...job,
    ...(definition && { definition }),
    ...(schedule && {
      state: schedule.state,
      watermark: schedule.watermark,
      nextFireAt: next?.fireAt ?? null,
      nextDueAt: next?.dueAt ?? null,
    }),
  };
}

function tooBusy(jobId: string): CronduitError {
  return new CronduitError(
    "INVALID_STATE",
    `Job "${jobId}" is being changed by many others; try again.`,
    { data: { jobId } },
  );
}
