import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { CronduitError } from "../../core/errors.ts";
import type { Desk } from "../../scheduler/make-scheduler.ts";
import { deskOf, partsOf, type PipelineScheduler } from "../../scheduler/pipeline-scheduler.ts";
import type { Engine, JobPlace } from "../../engine/port/engine.ts";
import type { SchedulerParts } from "../../scheduler/assembly.ts";
import type { StoredJob } from "../../jobs/definition.ts";
import type { EpochMs } from "../../core/clock.ts";
import type { Problem } from "../file-problem.ts";
import {
  type AcceptedHead,
  AcceptedSets,
  digestOfKept,
  type KeptJobs,
  type StoredHead,
} from "./accepted-set.ts";
import { type ApplyingParts, applySteps, type FailedJob, LeaseLost } from "./apply-steps.ts";
import { type CheckedJobs, checkJobs } from "./check-jobs.ts";
import type { KeptJob } from "./kept-job.ts";
import { changesOf, isNothing, type SetChanges } from "./set-changes.ts";
import { SetLease } from "./set-lease.ts";
import { jobSourceOf } from "./source-name.ts";

/** Whose jobs are applied, and through what. */
export interface SetApplierOptions {
  readonly scheduler: PipelineScheduler;
  readonly source: string;
  /** Names this process. @default a new name */
  readonly owner?: string | undefined;
}

/** A set that is to be accepted. */
export interface SetToApply {
  readonly jobs: readonly KeptJob[];
  readonly digest: string;
  /** Whether jobs go that the set has no more. */
  readonly prune: boolean;
  /** Who asked for it, if somebody did. */
  readonly note?: string | undefined;
}

/** What became of a set. */
export type Applied =
  | {
      readonly kind: "applied";
      readonly changes: SetChanges;
      /** Warnings. */
      readonly problems: readonly Problem[];
      readonly failed: readonly FailedJob[];
    }
  | { readonly kind: "unchanged" }
  | { readonly kind: "rejected"; readonly problems: readonly Problem[] };

/** A set, as far as it is known here. */
interface Known extends StoredHead {
  readonly jobs: KeptJobs;
  /** Whether all of its pieces are there. */
  readonly isWhole: boolean;
}

/** Ids listed at once, and jobs looked at for that. */
const PAGE = 1_000;
const MOST_LOOKED = 20_000;

/** What a set would change. */
export interface Preview extends CheckedJobs {
  readonly changes: SetChanges;
  /** Of those that no former set tells of, only the id is known. */
  readonly removed: readonly (Pick<KeptJob, "id"> & Partial<Pick<KeptJob, "file" | "line">>)[];
}

const NOTHING: KeptJobs = new Map();

/** Accepts sets of one source, and makes its jobs what the accepted set says. */
export class SetApplier {
  readonly source: string;
  readonly owner: string;
  readonly #parts: SchedulerParts;
  readonly #desk: Desk;
  readonly #sets: AcceptedSets;
  readonly #lease: SetLease;
  /** The set that was looked at last. */
  #known: Known | undefined;

  constructor({ scheduler, source, owner = randomUUID() }: SetApplierOptions) {
    const parts = partsOf(scheduler);
    if (!parts)
      throw new CronduitError(
        "INVALID_OPTION",
        "job files: the scheduler must be a PipelineScheduler, and not what `as` returned.",
        { data: { path: "scheduler" } },
      );
    this.source = source;
    this.owner = owner;
    this.#parts = parts;
    this.#desk = deskOf(scheduler, { kind: "file", id: source });
    this.#sets = new AcceptedSets(parts.engine, source);
    this.#lease = new SetLease(parts.engine, parts.clock, { source, owner });
  }

  /** The fleet. */
  get engine(): Engine {
    return this.#parts.engine;
  }

  /** The set that is in force, if any. */
  head(): Promise<StoredHead | undefined> {
    return this.#sets.head();
  }

  /** The jobs of the set that is in force, by their ids. */
  async jobs(): Promise<KeptJobs> {
    return (await this.#read())?.jobs ?? NOTHING;
  }

  /** Checks jobs, whether they are in force or not. */
  examine(jobs: readonly KeptJob[]): Promise<CheckedJobs> {
    return this.#check(jobs);
  }

  /** What a set would change, checked; and which jobs it has no more. */
  async preview(set: Pick<SetToApply, "jobs">): Promise<Preview> {
    const known = await this.#read();
    const after = byId(set.jobs);
    const changes = changesOf(known?.jobs ?? NOTHING, after);
    const stored = known?.isWhole === true ? [] : await this.#storedIds();
    const strays = stored.filter((id) => !after.has(id)).map((id) => ({ id }));
    const checked = await this.#check([...changes.added, ...changes.changed]);
    return { ...checked, changes, removed: [...changes.removed, ...strays] };
  }

  /** When jobs last succeeded; those that never did are left out. */
  async lastSuccesses(jobs: readonly StoredJob[]): Promise<ReadonlyMap<string, EpochMs>> {
    const { history } = this.#desk.lists;
    const found = await Promise.all(
      jobs.map(async ({ definition: { id } }) => {
        const { runs } = await history.page(id, { verdict: "succeeded", limit: 1 });
        const at = runs[0]?.finishedAt;
        return at ? ([[id, at.getTime()]] as const) : [];
      }),
    );
    return new Map(found.flat());
  }

  /** Checks a set, accepts it, and makes the jobs what it says. */
  accept(set: SetToApply, signal?: AbortSignal): Promise<Applied> {
    return this.#lease.during(() => this.#accept(set), signal);
  }

  /** Completes what a process began that died, unless another one is at it. @returns whether there was anything */
  async finish(): Promise<boolean> {
    const found = await this.#sets.head();
    if (found?.head.state !== "applying") return false;
    const done = await this.#lease.ifFree(() => this.#complete());
    return done ?? false;
  }

  async #accept(set: SetToApply): Promise<Applied> {
    await this.#complete();
    const known = await this.#read();
    const before = known?.jobs ?? NOTHING;
    const given = byId(set.jobs);
    const after = set.prune ? given : new Map([...before, ...given]);
    const changes = changesOf(before, after);
    const digest = set.prune ? set.digest : digestOfKept(after);
    if (known?.head.digest === digest && isNothing(changes)) return { kind: "unchanged" };
    const checked = await this.#check([...changes.added, ...changes.changed]);
    if (checked.problems.some(({ severity }) => severity === "error"))
      return { kind: "rejected", problems: checked.problems };
    const how = { digest, prune: set.prune, note: set.note ?? null };
    const accepted = await this.#put(known, after, how);
    const strays = known?.isWhole === true ? [] : await this.#strays(accepted);
    const removed = [...changes.removed, ...strays];
    const failed = await this.#apply(accepted, removed, checked);
    return { kind: "applied", changes, problems: checked.problems, failed };
  }

  /** Stored jobs of the source that its set has not, where no former set tells which these are. */
  async #strays({ head, jobs }: Known): Promise<{ readonly id: string }[]> {
    if (!head.prune) return [];
    return (await this.#storedIds()).filter((id) => !jobs.has(id)).map((id) => ({ id }));
  }

  /** The ids of all stored jobs of the source. */
  async #storedIds(): Promise<string[]> {
    const ids: string[] = [];
    const query = {
      filter: { sources: [jobSourceOf(this.source)] },
      order: "id",
      limit: PAGE,
      mostLooked: MOST_LOOKED,
    } as const;
    let after: JobPlace | undefined;
    do {
      const page = await this.#parts.engine.jobs.list({ ...query, after }, "all");
      for (const { id } of page.found) ids.push(id);
      after = page.next;
    } while (after);
    return ids;
  }

  /**
   * Adds jobs of the accepted set again that somebody has removed, if they have times to come.
   * @returns their ids
   */
  mend(signal?: AbortSignal): Promise<readonly string[]> {
    return this.#lease.during(async () => {
      await this.#complete();
      const known = await this.#read();
      if (!known) return [];
      const stored = new Set(await this.#storedIds());
      const missing = [...known.jobs.values()].filter(({ id }) => !stored.has(id));
      if (missing.length === 0) return [];
      const { jobs } = await this.#check(missing);
      const toCome = jobs.filter(({ isPast, declaration }) => !isPast && !declaration.isOver);
      await applySteps(this.#applying(), toCome, []);
      return toCome.map(({ job }) => job.id);
    }, signal);
  }

  /** Stores the set: from here on it is what the jobs are to be, whoever goes on. */
  async #put(
    known: Known | undefined,
    jobs: KeptJobs,
    { digest, prune, note }: Pick<AcceptedHead, "digest" | "note" | "prune">,
  ): Promise<Known> {
    const now = await this.#parts.engine.now();
    const before = { jobs: known?.jobs ?? NOTHING, buckets: known?.head.buckets ?? [] };
    const buckets = await this.#sets.store([...jobs.values()], before, now);
    const head: AcceptedHead = {
      digest,
      count: jobs.size,
      state: "applying",
      buckets,
      before: known?.isWhole === true ? known.head.buckets : null,
      prune,
      host: hostname().slice(0, 128),
      note,
      at: now,
      appliedAt: null,
      failed: [],
    };
    if (!(await this.#lease.hold())) throw new LeaseLost();
    const revision = await this.#sets.put(head, known?.revision);
    if (revision === undefined) throw new LeaseLost();
    this.#known = { head, revision, jobs, isWhole: true };
    return this.#known;
  }

  /** Makes the jobs what the accepted set says, and notes that they are. */
  async #apply(
    { head, revision, jobs }: Known,
    removed: readonly { readonly id: string }[],
    { jobs: checked, problems }: CheckedJobs,
  ): Promise<readonly FailedJob[]> {
    try {
      const failed = await applySteps(this.#applying(), checked, removed);
      failed.push(...problems.flatMap((problem) => faultOfProblem(problem, jobs)));
      const appliedAt = await this.#parts.engine.now();
      const done: AcceptedHead = { ...head, state: "applied", before: null, appliedAt, failed };
      const stored = await this.#sets.put(done, revision);
      if (stored === undefined) throw new LeaseLost();
      this.#known = { head: done, revision: stored, jobs, isWhole: true };
      await this.#sets.forget(head.before ?? [], head.buckets);
      return failed;
    } catch (error) {
      if (error instanceof LeaseLost) await this.#distrust();
      throw error;
    }
  }

  /**
   * This process was taken for dead, and its last step may have come after what others did since: whoever has the lease
   * declares all jobs again.
   */
  async #distrust(): Promise<void> {
    const found = await this.#sets.head();
    if (!found) return;
    await this.#sets.put({ ...found.head, state: "applying", before: null }, found.revision);
  }

  #applying(): ApplyingParts {
    return {
      desk: this.#desk,
      source: this.source,
      hold: () => this.#lease.hold(),
      onTimed: (jobId, inMs) => this.#parts.reconciler.expect(jobId, inMs),
    };
  }

  /** Under the lease: completes what was begun. @returns whether there was anything */
  async #complete(): Promise<boolean> {
    const found = await this.#read();
    if (found?.head.state !== "applying") return false;
    const { before: buckets } = found.head;
    const before = buckets === null ? undefined : await this.#sets.jobs(buckets);
    const changes = changesOf(before ?? NOTHING, found.jobs);
    // What of it is wrong by now is noted, and does not hold up the rest.
    const checked = await this.#check([...changes.added, ...changes.changed]);
    const strays = before ? [] : await this.#strays(found);
    await this.#apply(found, [...changes.removed, ...strays], checked);
    await this.#sets.sweep({ ...found.head, before: null }, await this.#parts.engine.now());
    return true;
  }

  /** The set in force. One of which a piece is missing counts as none, and its jobs are declared again. */
  async #read(): Promise<Known | undefined> {
    const stored = await this.#sets.head();
    if (!stored) return undefined;
    if (this.#known?.revision === stored.revision) return this.#known;
    const jobs = await this.#sets.jobs(stored.head.buckets);
    this.#known = { ...stored, jobs: jobs ?? NOTHING, isWhole: jobs !== undefined };
    return this.#known;
  }

  #check(jobs: readonly KeptJob[]): Promise<CheckedJobs> {
    const { logger, engine } = this.#parts;
    const placeIn = async (source: string, jobId: string): Promise<string | undefined> => {
      const sets = new AcceptedSets(engine, source.replace(/^file:/, ""));
      const other = await sets.head();
      const job = other && (await sets.jobs(other.head.buckets))?.get(jobId);
      return job && `${job.file}:${job.line}`;
    };
    return checkJobs({ desk: this.#desk, logger, placeIn }, jobs);
  }
}

/** An error that a job has by now, which it had not when the set was accepted. */
function faultOfProblem({ severity, file, line, code, message }: Problem, jobs: KeptJobs) {
  if (severity !== "error") return [];
  const job = [...jobs.values()].find((each) => each.file === file && each.line === line);
  return [{ jobId: job?.id ?? `${file}:${line}`, code, message }];
}

function byId(jobs: readonly KeptJob[]): KeptJobs {
  return new Map(jobs.map((job) => [job.id, job]));
}
