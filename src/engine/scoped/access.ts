import { END_OF_TIME, type EpochMs, START_OF_TIME } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { StoredJob } from "../../jobs/definition.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";
import { parseQueueJobId } from "../../jobs/occurrence-id.ts";
import { isVisible, type Scope } from "../../jobs/scope.ts";
import { seenJob } from "../../jobs/seen-job.ts";
import type { Engine } from "../port/engine.ts";

/** Rows that are read at once; so many of one fire time are looked through for a run. */
const ROWS_OF_A_TIME = 1_000;

/** What somebody may see and change, asked of the fleet's engine, which knows the owners. */
export class Access {
  readonly sees: Scope;
  /** Of whose jobs a change may be: each step asks that itself, since a job may be given away at any time. */
  readonly scope: readonly string[] | undefined;
  readonly #engine: Pick<Engine, "jobs" | "ledger">;

  /**
   * @param sees Whose things are visible.
   * @param changes Whose things may be changed; those of others that are visible may only be read.
   */
  constructor(engine: Pick<Engine, "jobs" | "ledger">, sees: Scope, changes: Scope) {
    this.#engine = engine;
    this.sees = sees;
    const whole = sees === "all" ? undefined : sees;
    this.scope = changes === "all" ? whole : changes.filter((owner) => this.isSeen(owner));
  }

  /** Whether what belongs to an owner is visible. */
  isSeen(owner: string | undefined): boolean {
    return isVisible(this.sees, owner);
  }

  /** A job, if it is visible. */
  async job(jobId: string): Promise<StoredJob | undefined> {
    const [job] = await this.#engine.jobs.get([jobId]);
    return job && this.asSeen(job);
  }

  /** Which of some jobs are visible. */
  async jobs(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const jobs = ids.length === 0 ? [] : await this.#engine.jobs.get(ids);
    return new Set(ids.filter((_, i) => jobs[i] && this.asSeen(jobs[i])));
  }

  /** A job as it is visible, if it is. */
  asSeen(job: StoredJob): StoredJob | undefined {
    return seenJob(this.sees, job);
  }

  /**
   * Refuses to delete what is on record of a job's runs as long as some of it is of a time when the job was somebody else's.
   * @throws {@link CronduitError} `NOT_ALLOWED`
   */
  async refuseFormer(jobId: string): Promise<void> {
    if (this.scope === undefined) return;
    const [job] = await this.#engine.jobs.get([jobId]);
    // Of what may not be changed, the step itself says that.
    if (!job?.handedOver || !this.mayChange(job.definition.owner)) return;
    // It may have been given back: then rows of others stand between its own.
    for (let fromAt: EpochMs = START_OF_TIME, offset = 0; ;) {
      const rows = await this.#engine.ledger.read({
        jobId,
        fromAt,
        toAt: END_OF_TIME,
        offset,
        limit: ROWS_OF_A_TIME,
        order: "oldest",
      });
      if (rows.some(({ owner }) => !this.mayChange(owner)))
        throw notAllowed(
          `delete what is on record of the runs of job "${jobId}", some of which are of a time when it was somebody else's; an administrator may`,
        );
      const last = rows.at(-1)?.fireAt;
      if (last === undefined || rows.length < ROWS_OF_A_TIME) return;
      const ofLast = rows.filter(({ fireAt }) => fireAt === last).length;
      offset = last === fromAt ? offset + ofLast : ofLast;
      fromAt = last;
    }
  }

  /**
   * What became of a change that took {@link scope} into its step.
   * @param isNone Whether the step found no such job, or nothing of it to change.
   * @throws {@link CronduitError} `NOT_ALLOWED` for a job that may only be read.
   */
  async told<T>(
    jobId: string,
    change: Promise<T>,
    isNone: (answer: T) => boolean = (answer) => answer === "missing",
  ): Promise<T> {
    const answer = await change;
    const job = isNone(answer) ? await this.job(jobId) : undefined;
    if (job) this.requireChange(job.definition.owner, `change job "${jobId}"`);
    return answer;
  }

  /** Whether what belongs to an owner may be changed. */
  mayChange(owner: string | undefined): boolean {
    return isVisible(this.scope ?? "all", owner);
  }

  /** @throws {@link CronduitError} `NOT_ALLOWED` */
  requireChange(owner: string | undefined, what: string): void {
    if (!this.mayChange(owner)) throw notAllowed(what, owner);
  }

  /**
   * Whether a run is visible: by the owner of its time, which its row names; without a row by the present one of its job.
   */
  async seesRun(jobId: string, runId: string): Promise<boolean> {
    const owner = await this.#ownerOfRun(jobId, runId);
    return owner !== null && this.isSeen(owner);
  }

  /** @returns `null` if nothing is known of the run or its job */
  async #ownerOfRun(jobId: string, runId: string): Promise<string | undefined | null> {
    const fireAt = parseQueueJobId(runId)?.fireAt;
    if (fireAt === undefined) return null;
    const of = { jobId, fromAt: fireAt, toAt: fireAt, offset: 0, limit: ROWS_OF_A_TIME } as const;
    const [[job], decided, open] = await Promise.all([
      this.#engine.jobs.get([jobId]),
      this.#engine.ledger.read({ ...of, order: "latest" }),
      this.#engine.ledger.readOpenRuns(jobId),
    ]);
    const row: LedgerRow | undefined = [...decided, ...open].find(({ id }) => id === runId);
    if (row && decided.includes(row)) return row.owner;
    if (row?.owner !== undefined) return row.owner;
    return job ? job.definition.owner : null;
  }
}

/** @param owner Whose it is; named only to those who see it. */
export function notAllowed(what: string, owner?: string): CronduitError {
  const whose = owner === undefined ? "" : ` It belongs to "${owner}".`;
  return new CronduitError("NOT_ALLOWED", `You may not ${what}.${whose}`, {
    data: owner === undefined ? {} : { owner },
  });
}
