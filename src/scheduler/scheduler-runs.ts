import type { Engine } from "../engine/port/engine.ts";
import type { Account, AccountOptions, Accounts } from "../history/account.ts";
import type { ChangeHistory, ChangePage, ChangeQuery } from "../history/change-history.ts";
import { explain, type Explanation } from "../history/explain.ts";
import { requireKnownJob } from "../history/known-job.ts";
import { jobOf, type Run } from "../history/run.ts";
import { type FleetRunPage, type FleetRunQuery, pageOfFleet } from "../history/fleet-history.ts";
import {
  type OccurrencePage,
  type OccurrenceQuery,
  pageOfOccurrences,
} from "../history/occurrences.ts";
import { cleanUpRuns, type RunCleanup } from "../history/run-cleanup.ts";
import type { RunHistory, RunPage, RunQuery } from "../history/run-history.ts";
import type {
  LogCleanup,
  RunLogLine,
  RunLogPage,
  RunLogQuery,
  RunLogs,
} from "../history/run-logs.ts";
import { readSteps, type RunStep } from "../history/run-steps.ts";
import { readStats, type Stats, type StatsQuery } from "../history/stats.ts";
import type { Scope } from "../jobs/scope.ts";
import type { Actor } from "../jobs/actor.ts";
import { fireTimeOption } from "../jobs/fire-time-option.ts";
import type { PipelineReference, ResultOf, SchemaOf } from "../pipeline/pipeline.ts";
import type { InstantInput } from "../triggers/time/parse-instant.ts";
import type { Backfill, BackfillOptions, BackfillReport, Backfills } from "./backfill.ts";
import { checkJobId } from "./declaration.ts";
import { type RetriedRun, retryRun, type RetryRunOptions } from "./retry-run.ts";
import { noteDeleted } from "./note-deleted.ts";
import type { IfRevision } from "./if-revision.ts";
import { type SkipOptions, skipOccurrence, unskipOccurrence } from "./skip-occurrence.ts";
import type { CancelRunOptions, RunCommands, RunJobOptions } from "./run-commands.ts";

/** What a scheduler's calls about runs are made with. */
export interface SchedulerRunsParts {
  readonly engine: Pick<Engine, "changes" | "jobs" | "ledger" | "now" | "stats" | "steps"> & {
    readonly events: Pick<Engine["events"], "append">;
  };
  readonly history: RunHistory;
  readonly logs: RunLogs;
  readonly runs: RunCommands;
  readonly backfills: Backfills;
  readonly changes: ChangeHistory;
  readonly accounts: Accounts;
  /** Who acts. */
  readonly by: Actor;
  readonly timezone: string;
  /** Whose things are seen. */
  readonly scope: Scope;
  /** Connects if need be. */
  readonly ready: () => Promise<void>;
}

/** The part of a scheduler that deals with runs: what became of them, their logs and steps, and asking for more. */
export abstract class SchedulerRuns {
  readonly #parts: SchedulerRunsParts;

  /** @internal */
  protected constructor(parts: SchedulerRunsParts) {
    this.#parts = parts;
  }

  /** @see the other form */
  async runJob<R extends PipelineReference = string>(
    jobId: string,
    options: RunJobOptions<SchemaOf<R>> & { wait: true | number | string },
  ): Promise<Run<ResultOf<R>>>;
  /**
   * Runs a job now, under its rules, even if it is paused or finished. Its schedule stays as it is.
   * @template R The job's pipeline, as in `runJob<typeof NightlyReport>(…)`: then the compiler checks `params`, and
   * knows the type of `result`.
   * @returns The id of the run, for `getRun`; with `wait` the run once it has ended, with any verdict.
   * @throws `JOB_NOT_FOUND`, `INVALID_PARAMS`; `UNKNOWN_PIPELINE` if params are given for a pipeline that is not
   * registered here; `WAIT_TIMED_OUT`.
   */
  async runJob<R extends PipelineReference = string>(
    jobId: string,
    options?: RunJobOptions<SchemaOf<R>> & { wait?: false | undefined },
  ): Promise<string>;
  async runJob(jobId: string, options: RunJobOptions = {}): Promise<string | Run> {
    const id = checkJobId(jobId, "runJob");
    await this.#parts.ready();
    return this.#parts.runs.run(id, options);
  }

  /**
   * Cancels a run. A waiting run ends immediately; a running one is told by its `signal`, in whichever process it runs, and is
   * abandoned (or killed, if isolated) if it does not end within 3 s.
   * @returns `cancelled`: it has its verdict. `asked`: its worker will abort it within a second.
   * @throws `RUN_NOT_FOUND`; `INVALID_STATE` if it has ended.
   */
  async cancelRun(runId: string, options: CancelRunOptions = {}): Promise<"cancelled" | "asked"> {
    await this.#parts.ready();
    return this.#parts.runs.cancel(runId, options);
  }

  /**
   * Runs again what an ended run was for. If it was a run, the job runs now, as by `runJob`, with its present params; params that
   * somebody gave for that run alone are not kept. An occurrence that was missed or skipped is made up for with its own fire
   * time, as by `backfill`; of a row that stands for several, the latest.
   * @throws `RUN_NOT_FOUND`, `JOB_NOT_FOUND`; `INVALID_STATE` if the run has no verdict yet, was coalesced, or its occurrence has
   * a run already; or while a backfill of the job is unfinished.
   */
  async retryRun(runId: string, options: RetryRunOptions = {}): Promise<RetriedRun> {
    await this.#parts.ready();
    return retryRun(this.#parts, runId, options);
  }

  /**
   * A job's runs and its occurrences that did not run, latest first, a page at a time; even of a job that was removed.
   * @throws `JOB_NOT_FOUND` if nothing is known of such a job
   * @template R The job's pipeline, as in `getRuns<typeof NightlyReport>(…)`: then `result` is typed by it.
   */
  async getRuns<R extends PipelineReference = string>(
    jobId: string,
    query?: RunQuery,
  ): Promise<RunPage<ResultOf<R>>>;
  /**
   * Runs of the whole fleet and occurrences that did not run, the latest decision first, a page at a time. A page may be shorter
   * than its limit and still have a cursor.
   * @example const { runs, cursor } = await scheduler.getRuns({ verdict: "failed", text: "timeout" });
   */
  async getRuns(query: FleetRunQuery): Promise<FleetRunPage>;
  async getRuns(
    jobId: string | FleetRunQuery,
    query: RunQuery = {},
  ): Promise<RunPage | FleetRunPage> {
    const { engine, history, timezone } = this.#parts;
    if (typeof jobId === "object" && jobId !== null) {
      await this.#parts.ready();
      return pageOfFleet(engine, { timezone, scope: "all" }, jobId);
    }
    const id = checkJobId(jobId, "getRuns");
    await this.#parts.ready();
    const page = await history.page(id, query, () => this.#zoneOf(id));
    const isNone = page.runs.length === 0 && query.cursor === undefined;
    if (isNone) await requireKnownJob(engine, id);
    return page;
  }

  /**
   * A job's occurrences, past and to come, in the order of their fire times: what became of those that were decided, and what
   * is planned; a page at a time.
   * @throws `JOB_NOT_FOUND` if there is neither the job nor anything on record of it; `INVALID_OPTION`
   */
  async getOccurrences(jobId: string, query: OccurrenceQuery = {}): Promise<OccurrencePage> {
    const id = checkJobId(jobId, "getOccurrences");
    await this.#parts.ready();
    const { engine, timezone } = this.#parts;
    return pageOfOccurrences(engine, id, { input: query, timezone });
  }

  /**
   * One run.
   * @template R The job's pipeline, as in `getRun<typeof NightlyReport>(…)`: then `result` is typed by it.
   * @throws `RUN_NOT_FOUND`
   */
  async getRun<R extends PipelineReference = string>(runId: string): Promise<Run<ResultOf<R>>> {
    await this.#parts.ready();
    return (await this.#parts.history.get(runId)) as Run<ResultOf<R>>;
  }

  /** The ended steps of a run, in the order in which they ended, with its sleeps and its progress. @throws `RUN_NOT_FOUND` */
  async getSteps(runId: string): Promise<RunStep[]> {
    const jobId = jobOf(runId);
    await this.#parts.ready();
    const steps = await readSteps(this.#parts.engine, jobId, runId);
    if (steps.length === 0) await this.#parts.history.get(runId);
    return steps;
  }

  /**
   * Explains what happened to a job's occurrence at one time, and why; or when it will run, or why there is none.
   * @param at Its nominal fire time, as in `runDate`; without an offset, in the job's zone.
   */
  async explain(jobId: string, at: InstantInput): Promise<Explanation> {
    const id = checkJobId(jobId, "explain");
    await this.#parts.ready();
    const [job] = await this.#parts.engine.jobs.get([id]);
    const timezone = job?.definition.timezone ?? this.#parts.timezone;
    const place = { where: "explain", path: "at", timezone };
    const named = fireTimeOption(at, place, job?.definition);
    return explain(this.#parts.engine, id, named.at, this.#parts.scope);
  }

  /**
   * What became of occurrences in a time, counted: of the fleet by hour for 400 days, of jobs by day for 35 days, both in UTC;
   * verdicts, reasons, retries, lateness and duration. Deleting rows of the ledger changes no figures. See `docs/stats.md`.
   * @throws `INVALID_OPTION`
   * @example const { total } = await scheduler.getStats({ from: "2026-11-01" });
   */
  async getStats(query: StatsQuery = {}): Promise<Stats> {
    await this.#parts.ready();
    return readStats(this.#parts.engine, query, this.#parts.scope);
  }

  /**
   * Skips one occurrence of a job: it gets the verdict `skipped: requested` when it is due, or at once if it waits in the
   * queue. No race undoes that: either the skip holds, or this throws. Asking again replaces the reason.
   * @param time Its nominal fire time; without an offset, in the job's zone.
   * @param how Why (up to 500 characters, kept with the skip and the verdict), or options.
   * @throws `JOB_NOT_FOUND`; `OCCURRENCE_DECIDED` if it has begun or has its verdict; `INVALID_OPTION` if it is no fire time of
   * the job; `INVALID_STATE` for a job without a schedule, or with 1,000 skips.
   */
  async skipOccurrence(
    jobId: string,
    time: InstantInput,
    how?: string | SkipOptions,
  ): Promise<void> {
    const id = checkJobId(jobId, "skipOccurrence");
    await this.#parts.ready();
    const named = { where: "skipOccurrence", jobId: id, time, by: this.#parts.by };
    await skipOccurrence(this.#parts.engine, named, how);
  }

  /**
   * Takes back `skipOccurrence`; if there is no skip, nothing changes.
   * @throws As {@link skipOccurrence}.
   */
  async unskipOccurrence(jobId: string, time: InstantInput, options?: IfRevision): Promise<void> {
    const id = checkJobId(jobId, "unskipOccurrence");
    await this.#parts.ready();
    const named = { where: "unskipOccurrence", jobId: id, time, by: this.#parts.by };
    await unskipOccurrence(this.#parts.engine, named, options);
  }

  /** Lines of a run's log, a page at a time. @throws `RUN_NOT_FOUND`, `INVALID_OPTION` */
  async getLogs(runId: string, query: RunLogQuery = {}): Promise<RunLogPage> {
    await this.#parts.ready();
    return this.#parts.logs.page(runId, query);
  }

  /**
   * The lines of a run's log as they come, from its beginning to its end, in whichever process it runs.
   * @yields Each line.
   * @throws `RUN_NOT_FOUND`
   * @example for await (const { message } of scheduler.followLogs(runId)) console.log(message);
   */
  async *followLogs(
    runId: string,
    options: { signal?: AbortSignal } = {},
  ): AsyncGenerator<RunLogLine, void> {
    await this.#parts.ready();
    yield* this.#parts.logs.follow(runId, options);
  }

  /**
   * Deletes logs of a job's runs; the runs themselves stay on record.
   * @returns How many runs' logs were deleted.
   * @throws `INVALID_OPTION`; `JOB_NOT_FOUND` if nothing is known of such a job
   */
  async cleanupLogs(jobId: string, which: LogCleanup): Promise<number> {
    const id = checkJobId(jobId, "cleanupLogs");
    await this.#parts.ready();
    const count = await this.#parts.logs.cleanUp(id, await this.#zoneOf(id), which);
    await noteDeleted(this.#parts, { what: "logs-deleted", jobId: id, count });
    return count;
  }

  /**
   * What was changed, by whom, newest first, a page at a time: of the whole fleet, or of one job.
   * @throws `INVALID_OPTION`; `JOB_NOT_FOUND` if nothing is known of such a job
   * @example const { changes } = await scheduler.getChanges({ jobId: "nightly-eu", what: "paused" });
   */
  async getChanges(query: ChangeQuery = {}): Promise<ChangePage> {
    await this.#parts.ready();
    return this.#parts.changes.page(this.#parts.scope, query, this.#parts.timezone);
  }

  /**
   * Deletes what is on record of a job's runs: rows of the ledger with their logs and steps. Runs without a verdict stay, and so
   * do the job's `counts`. That rows were deleted is noted, so that nobody takes them for lost. A backfill takes these fire
   * times for not run.
   * @returns How many rows were deleted.
   * @throws `INVALID_OPTION`; `JOB_NOT_FOUND` if nothing is known of such a job
   */
  async cleanupRuns(jobId: string, which: RunCleanup): Promise<number> {
    const id = checkJobId(jobId, "cleanupRuns");
    await this.#parts.ready();
    const { deleted: count, before } = await cleanUpRuns(
      this.#parts.engine,
      id,
      await this.#zoneOf(id),
      which,
    );
    await noteDeleted(this.#parts, { what: "runs-deleted", jobId: id, count, fireAt: before });
    return count;
  }

  /**
   * What was due in a range and what became of it, recomputed with the triggers and compared with what is on record: a part of it,
   * and a cursor to the next. Nothing is ever `unaccounted`; what is not known any more says so.
   * @throws `INVALID_OPTION`; `JOB_NOT_FOUND` for a job of which nothing is known
   * @example const { due, unaccounted } = await scheduler.account({ from: "2026-03-01", to: "2026-03-01" });
   */
  async account(options: AccountOptions): Promise<Account> {
    await this.#parts.ready();
    return this.#parts.accounts.part(options, this.#parts.timezone);
  }

  /**
   * Runs the fire times of a range of the past that have no run, each once: repeating it does nothing. They run in
   * addition to the job's own runs and after all others that are due, even if the job is paused.
   * @throws `JOB_NOT_FOUND`; `INVALID_OPTION`; `INVALID_STATE` if the job has a backfill that has not ended.
   */
  async backfill(jobId: string, options: BackfillOptions): Promise<BackfillReport> {
    const id = checkJobId(jobId, "backfill");
    await this.#parts.ready();
    return this.#parts.backfills.start(id, options);
  }

  /** The progress of a job's last backfill; `undefined` if it had none. @throws `JOB_NOT_FOUND` */
  async getBackfill(jobId: string): Promise<Backfill | undefined> {
    const id = checkJobId(jobId, "getBackfill");
    await this.#parts.ready();
    return this.#parts.backfills.state(id);
  }

  /** Starts no more of a backfill's runs, until `resumeBackfill`. @throws `JOB_NOT_FOUND`; `INVALID_STATE` if there is none. */
  async pauseBackfill(jobId: string): Promise<void> {
    return this.#changeBackfill(jobId, "pause");
  }

  /** Resumes a backfill. @throws `JOB_NOT_FOUND`; `INVALID_STATE` if there is none. */
  async resumeBackfill(jobId: string): Promise<void> {
    return this.#changeBackfill(jobId, "resume");
  }

  /** Cancels the runs that a backfill has not started; runs in progress continue. @throws `JOB_NOT_FOUND`; `INVALID_STATE` if there is none. */
  async cancelBackfill(jobId: string): Promise<void> {
    return this.#changeBackfill(jobId, "cancel");
  }

  async #changeBackfill(jobId: string, change: "pause" | "resume" | "cancel"): Promise<void> {
    const id = checkJobId(jobId, `${change}Backfill`);
    await this.#parts.ready();
    await this.#parts.backfills.change(id, change);
  }

  async #zoneOf(jobId: string): Promise<string> {
    const [job] = await this.#parts.engine.jobs.get([jobId]);
    return job?.definition.timezone ?? this.#parts.timezone;
  }
}
