import { randomUUID } from "node:crypto";
import type { EpochMs } from "../core/clock.ts";
import { isCronduitError, JobLookupError } from "../core/errors.ts";
import type { Engine } from "../engine/port/engine.ts";
import { notAllowed } from "../engine/scoped/access.ts";
import type { Actor } from "../jobs/actor.ts";
import type { StoredJob } from "../jobs/definition.ts";
import { fitsFilter, type JobFilter, type JobPlace, narrowed } from "../jobs/job-list.ts";
import { parseOptions } from "../jobs/options.ts";
import { Schedule } from "../jobs/schedule.ts";
import { isVisible, type Scope } from "../jobs/scope.ts";
import {
  type BulkMethod,
  bulkOptionsSchemas,
  type CheckedBulkFilter,
  parseBulkFilter,
} from "./bulk-input.ts";
import type { ChangePlan } from "./change-plan.ts";
import { toFilter } from "./job-filter.ts";
import { DryRun } from "./dry-run.ts";
import { JobStore } from "./job-store.ts";
import { numberOf } from "./manual-number.ts";
import { pauseUnderOverrides, resumeUnderOverrides } from "./override-plans.ts";
import { readUntil } from "./pauses.ts";

/** Jobs listed at once, and of these, changed at the same time. */
const PAGE = 200;
const AT_ONCE = 10;
/** Jobs looked at per call of the engine. */
const MAX_LOOKED = 20_000;
/** Ids and problems that an answer names. */
const MOST_NAMED = 100;

/**
 * Why a job was left as it is. `UNCHANGED`: it is so already. `NO_FIT`: it did not fit any more. `JOB_NOT_FOUND`: it was removed.
 * `INVALID_STATE`: it is finished. `NOT_ALLOWED`: it may only be read. Others: the code of an error.
 */
export interface BulkProblem {
  readonly jobId: string;
  readonly code: string;
  readonly message: string;
}

/** What a call that changes many jobs did. */
export interface BulkResult {
  /** Names the call, in changes too. */
  readonly bulkId: string;
  readonly dryRun: boolean;
  /** How many jobs fit. */
  readonly matched: number;
  /** How many were changed: exactly, but for those of an interrupted call. Of a dry run, how many would be. */
  readonly changed: number;
  /** How many were left as they are, without an error. */
  readonly skipped: number;
  /** Of `pauseJobs` with an end: when the last of these pauses ends. */
  readonly until: Date | undefined;
  /** Of `pauseJobs` with an end: how many occurrences of the jobs that change fall into that time. */
  readonly occurrences: number | undefined;
  /** How many had an error; after a lost connection they may be changed. */
  readonly failed: number;
  /** The first 100 that were changed, in their order; of a dry run, that would be. */
  readonly ids: readonly string[];
  /** The first 100 that were skipped or failed. */
  readonly problems: readonly BulkProblem[];
  /** Whether every job was come to. If not, the server could not be reached: repeat the call with its `bulkId`. */
  readonly isComplete: boolean;
}

/** What bulk calls need. */
export interface BulkParts {
  readonly engine: Pick<Engine, "jobs" | "ledger" | "now" | "requests">;
  /** Who makes the changes. */
  readonly by: Actor;
  /** Whose jobs may be changed; others that are visible are left. */
  readonly scope: Scope;
}

/** Leaves a job as it is, and says why. */
type Skip = Pick<BulkProblem, "code" | "message">;
type Outcome = "changed" | Skip;

/** Changes one job, if it still is as the filter asks. */
type Change = (jobId: string, store: JobStore, asked: Asked) => Promise<Outcome>;

/** What is asked of each job, and the engine that does it, or says what it would do. */
interface Asked {
  readonly filter: JobFilter;
  readonly engine: Pick<Engine, "jobs" | "now" | "requests">;
}

const UNCHANGED: Skip = { code: "UNCHANGED", message: "it is so already" };
const NO_FIT: Skip = { code: "NO_FIT", message: "it changed meanwhile and does not fit any more" };
const GONE: Skip = { code: "JOB_NOT_FOUND", message: "it is not there any more" };
const FOREIGN: Skip = { code: "NOT_ALLOWED", message: "it belongs to somebody else" };
const FINISHED: Skip = { code: "INVALID_STATE", message: "it is finished" };

/** Changes of many jobs. Each job is changed in a step of its own, so a call that is interrupted has done a part. */
export class BulkCommands {
  readonly #parts: BulkParts;

  constructor(parts: BulkParts) {
    this.#parts = parts;
  }

  async pause(filter: unknown, options: unknown): Promise<BulkResult> {
    const schema = bulkOptionsSchemas.pauseJobs;
    const { reason, until, ...rest } = parseOptions(schema, options, "pauseJobs");
    const within = new Map<string, { readonly end: EpochMs; readonly count: number }>();
    const result = await this.#run("pauseJobs", filter, rest, (jobId, store, { filter: asked }) =>
      changed(jobId, store, asked, (job, now) => {
        if (job.state === "finished") return FINISHED;
        const end = readUntil(job, now, until, "pauseJobs");
        const isSo = isPaused(job) && end === untilOf(job);
        if (isSo) return UNCHANGED;
        if (end !== null) {
          const { count = 0 } =
            new Schedule(
              job.definition,
              job.skips.map(({ fireAt }) => fireAt),
            ).span(now, end) ?? {};
          within.set(jobId, { end, count });
        }
        return pauseUnderOverrides(job, now, { reason, until: end });
      }),
    );
    if (within.size === 0) return result;
    const all = [...within.values()];
    return {
      ...result,
      until: new Date(Math.max(...all.map(({ end }) => end))),
      occurrences: all.reduce((sum, { count }) => sum + count, 0),
    };
  }

  resume(filter: unknown, options: unknown): Promise<BulkResult> {
    const schema = bulkOptionsSchemas.resumeJobs;
    const { missed, ...rest } = parseOptions(schema, options, "resumeJobs");
    return this.#run("resumeJobs", filter, rest, (jobId, store, { filter: asked }) =>
      changed(jobId, store, asked, (job, now) =>
        job.state === "finished"
          ? FINISHED
          : (resumeUnderOverrides(job, now, { missed }) ?? UNCHANGED),
      ),
    );
  }

  remove(filter: unknown, options: unknown): Promise<BulkResult> {
    const rest = parseOptions(bulkOptionsSchemas.removeJobs, options, "removeJobs");
    return this.#run("removeJobs", filter, rest, async (jobId, store, { filter: asked }) => {
      const isRemoved = await store.remove(jobId, (job) => fitsFilter(job, asked));
      return isRemoved ? "changed" : NO_FIT;
    });
  }

  run(filter: unknown, options: unknown): Promise<BulkResult> {
    const { ignoreCondition, ...rest } = parseOptions(
      bulkOptionsSchemas.runJobs,
      options,
      "runJobs",
    );
    const bulkId = rest.bulkId ?? randomUUID();
    const { by } = this.#parts;
    return this.#run("runJobs", filter, { ...rest, bulkId }, async (jobId, store, asked) => {
      const { engine } = asked;
      const job = await store.get(jobId);
      if (!fitsFilter(job, asked.filter)) return NO_FIT;
      const sequence = numberOf(bulkId, jobId);
      const request = { jobId, sequence, ignoreCondition, by, bulk: { id: bulkId } };
      const run = await engine.requests.run(request);
      if (run === "missing") return GONE;
      // Nobody else has a name that was made here: it is this call's, whose answer was lost.
      return run.isNew || rest.bulkId === undefined ? "changed" : UNCHANGED;
    });
  }

  async #run(
    method: BulkMethod,
    given: unknown,
    {
      dryRun,
      bulkId = randomUUID(),
    }: { readonly dryRun: boolean; readonly bulkId?: string | undefined },
    change: Change,
  ): Promise<BulkResult> {
    const checked = parseBulkFilter(given, method);
    const filter = narrowed(toFilter(checked), this.#parts.scope);
    const { scope } = this.#parts;
    if (scope !== "all" && scope.length === 0) throw notAllowed("change jobs");
    const told = new Told();
    const dry = dryRun ? new DryRun(this.#parts.engine) : undefined;
    const engine = dry ?? this.#parts.engine;
    const store = new JobStore(engine, this.#parts.by, { bulk: { id: bulkId } });
    let isComplete = true;
    for await (const ids of this.#pages(checked, filter, told)) {
      told.matched += ids.length;
      await dry?.load(ids);
      isComplete = await this.#changeAll(ids, (id) => change(id, store, { filter, engine }), told);
      if (!isComplete) break;
    }
    return { bulkId, dryRun, isComplete, ...told.result() };
  }

  /** @yields ids of jobs that fit, in the order of ids */
  async *#pages(
    { ids }: CheckedBulkFilter,
    filter: JobFilter,
    told: Told,
  ): AsyncGenerator<readonly string[]> {
    const { engine, scope } = this.#parts;
    if (ids) {
      const named = [...new Set(ids)];
      for (let at = 0; at < named.length; at += PAGE) {
        const page = named.slice(at, at + PAGE);
        const jobs = await engine.jobs.get(page);
        yield page.filter((jobId, i) => {
          const job = jobs[i];
          if (!job) told.skip(jobId, GONE);
          else if (!isVisible(scope, job.definition.owner)) told.skip(jobId, FOREIGN);
          return job && fitsFilter(job, filter);
        });
      }
      return;
    }
    for (let after: JobPlace | undefined, isMore = true; isMore;) {
      const query = { filter, order: "id", after, limit: PAGE, mostLooked: MAX_LOOKED } as const;
      // The filter has the scope in it: whoever sees everything may change less.
      const page = await engine.jobs.list(query, "all");
      yield page.found.map(({ id }) => id);
      after = page.next;
      isMore = after !== undefined;
    }
  }

  /** Tells in the order of the ids, whichever ended first. @returns Whether it came to all of them. */
  async #changeAll(
    ids: readonly string[],
    change: (jobId: string) => Promise<Outcome>,
    told: Told,
  ): Promise<boolean> {
    const left = ids.entries();
    const ends = new Map<number, { readonly outcome: Outcome } | { readonly error: unknown }>();
    let isLost = false;
    const changeNext = async (): Promise<void> => {
      for (const [place, jobId] of left) {
        if (isLost) return;
        try {
          ends.set(place, { outcome: await change(jobId) });
        } catch (error) {
          ends.set(place, { error });
          isLost ||= isCronduitError(error) && error.code === "CONNECTION_FAILED";
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, changeNext));
    for (const [place, jobId] of ids.entries()) {
      const end = ends.get(place);
      if (!end) continue;
      if ("error" in end) told.fail(jobId, end.error);
      else if (end.outcome === "changed") told.change(jobId);
      else told.skip(jobId, end.outcome);
    }
    return !isLost;
  }
}

/** What a call has done so far. */
class Told {
  matched = 0;
  #changed = 0;
  #skipped = 0;
  #failed = 0;
  readonly #ids: string[] = [];
  readonly #problems: BulkProblem[] = [];

  change(jobId: string): void {
    this.#changed += 1;
    if (this.#ids.length < MOST_NAMED) this.#ids.push(jobId);
  }

  skip(jobId: string, why: Skip): void {
    this.#skipped += 1;
    this.#note({ jobId, ...why });
  }

  /** @throws what is no error of this package */
  fail(jobId: string, error: unknown): void {
    if (error instanceof JobLookupError) {
      this.skip(jobId, GONE);
      return;
    }
    if (!isCronduitError(error)) throw error;
    const { code, message } = error;
    this.#failed += 1;
    this.#note({ jobId, code, message });
  }

  #note(problem: BulkProblem): void {
    if (this.#problems.length < MOST_NAMED) this.#problems.push(problem);
  }

  result(): Omit<BulkResult, "bulkId" | "dryRun" | "isComplete"> {
    return {
      matched: this.matched,
      changed: this.#changed,
      skipped: this.#skipped,
      failed: this.#failed,
      until: undefined,
      occurrences: undefined,
      ids: this.#ids,
      problems: this.#problems,
    };
  }
}

/** Changes a job by a plan, unless it does not fit any more or the plan says why not. */
async function changed(
  jobId: string,
  store: JobStore,
  filter: JobFilter,
  plan: (job: StoredJob, now: number) => ChangePlan | Skip,
): Promise<Outcome> {
  let outcome: Outcome = GONE;
  const isThere = await store.tryChange(jobId, (job, now) => {
    const planned = fitsFilter(job, filter) ? plan(job, now) : NO_FIT;
    outcome = "code" in planned ? planned : "changed";
    return "code" in planned ? undefined : planned;
  });
  return isThere ? outcome : GONE;
}

/** When the pause of a job ends by itself, whether somebody overrides that or not. */
function untilOf({ pausedUntil, definition }: StoredJob): number | null {
  const { paused } = definition.overrides ?? {};
  return paused ? (paused.declared?.until ?? null) : pausedUntil;
}

/** Whether a job is paused, whether somebody overrides that or not. */
function isPaused({ state, definition }: StoredJob): boolean {
  const { paused } = definition.overrides ?? {};
  return paused ? paused.declared !== null : state === "paused";
}
