import { DURATION_BOUNDS } from "../core/duration-bounds.ts";
import { CronduitError } from "../core/errors.ts";
import type { EventName } from "../jobs/event.ts";
import { type Run, toRun } from "../history/run.ts";
import type { RunLogLine } from "../history/run-logs.ts";
import { instantOption } from "../jobs/instant-option.ts";
import { parseOptions } from "../jobs/options.ts";
import type { PipelineReference, ResultOf, SchemaOf } from "../pipeline/pipeline.ts";
import { checkJobId } from "../scheduler/declaration.ts";
import type { ShutdownOptions } from "../scheduler/lifecycle.ts";
import { type ActingScheduler, PipelineScheduler } from "../scheduler/pipeline-scheduler.ts";
import type { LimitedActor, TrustedActor } from "../scheduler/rights.ts";
import { type RunJobOptions, runJobSchema } from "../scheduler/run-commands.ts";
import type { PipelineSchedulerOptions } from "../scheduler/scheduler-options.ts";
import type { ExportOptions } from "../scheduler/transfer/export-options.ts";
import type { InstantInput } from "../triggers/time/parse-instant.ts";
import { currentListener } from "./listener-scope.ts";
import type { HasLedger } from "./matchers.ts";
import { BEGIN_EARLIER, readAdvance, readOutage, readSkew } from "./read-durations.ts";
import type { VirtualFleet } from "./virtual-fleet.ts";

/** A hundred years, as in `advanceBy`. */
const LONGEST_MOVE_MS = DURATION_BOUNDS.advanceBy.max * 1_000;

/** What {@link TestScheduler.runNext} goes on to: a run that starts or ends, or an occurrence that will not run. */
const NEWS = [
  "JOB_STARTED",
  "JOB_EXECUTED",
  "JOB_ERROR",
  "JOB_MISSED",
  "JOB_MAX_INSTANCES",
  "JOB_SKIPPED",
  "JOB_COALESCED",
  "JOB_RETRYING",
  "JOB_CANCELLED",
] as const satisfies readonly EventName[];

/**
 * A scheduler for tests: it decides, runs and tells as every other, in memory, on a time that stands still until the test
 * moves it. Made by `createTestScheduler`, which also starts it.
 */
export class TestScheduler extends PipelineScheduler implements HasLedger {
  readonly #fleet: VirtualFleet;
  readonly #timezone: string;
  /** The moves of the time, one after the other. */
  #moving: Promise<unknown> = Promise.resolve();
  /** How many are under way or to come. */
  #moves = 0;
  #isShutDown = false;
  #news: string[] = [];

  /** @internal */
  constructor(options: PipelineSchedulerOptions, fleet: VirtualFleet) {
    super(options, {
      where: "createTestScheduler",
      assemble: (settings) => fleet.assemble(settings),
    });
    this.#fleet = fleet;
    this.#timezone = options.timezone ?? "UTC";
    this.on(NEWS, ({ runId }) => void this.#news.push(runId));
  }

  /** The time of the engine, which decides when something is due. */
  now(): Date {
    return new Date(this.#fleet.time.now);
  }

  /**
   * Lets everything happen that is due within this time, in order, and moves the time there. Runs that do real work, such as
   * reading a file, are waited for at each instant.
   * @param duration Seconds, or `"2h"`.
   * @throws {@link CronduitError} `RUN_STUCK` if a run does not end and the time has nothing that would end it;
   * `INVALID_OPTION`; `INVALID_STATE` inside a run.
   */
  async advanceBy(duration: number | string): Promise<void> {
    const ms = readAdvance(duration);
    const { machine, time } = this.#fleet;
    await this.#move("advanceBy", () => machine.advanceTo(time.now + ms, "advanceBy"));
  }

  /**
   * Lets everything happen that is due up to an instant, and moves the time there.
   * @param time A `Date`, ISO 8601 text (without an offset in the scheduler's zone), or epoch milliseconds; not before `now()`.
   * @throws As {@link advanceBy}.
   */
  async advanceTo(time: InstantInput): Promise<void> {
    const place = { where: "advanceTo", path: "time", timezone: this.#timezone };
    const at = instantOption(time, place);
    if (at < this.#fleet.time.now)
      throw new CronduitError(
        "INVALID_OPTION",
        `advanceTo: ${new Date(at).toISOString()} is in the past: it is ${this.now().toISOString()}, and the time does not go back. ${BEGIN_EARLIER}`,
        { data: { path: "time" } },
      );
    if (at - this.#fleet.time.now > LONGEST_MOVE_MS)
      throw new CronduitError(
        "INVALID_OPTION",
        `advanceTo: ${new Date(at).toISOString()} is more than 100 years after ${this.now().toISOString()}. Move there in several calls.`,
        { data: { path: "time" } },
      );
    await this.#move("advanceTo", () => this.#fleet.machine.advanceTo(at, "advanceTo"));
  }

  /**
   * Moves to the next time at which something happens to a job, and lets it happen: an occurrence is decided, or a run starts
   * or goes on.
   * @returns What happened: the runs, and the occurrences that will not run; empty if nothing is to come.
   * @throws As {@link advanceBy}.
   */
  async runNext(): Promise<Run[]> {
    return this.#move("runNext", async () => {
      const { machine } = this.#fleet;
      await machine.settle();
      this.#news = [];
      await machine.advanceUntil(() => this.#news.length > 0, "runNext");
      const ids = new Set(this.#news);
      return this.#fleet
        .jobIds()
        .flatMap((jobId) => this.runs(jobId))
        .filter(({ id }) => ids.has(id));
    });
  }

  /**
   * A job's runs, and its occurrences that did not run, the oldest first: what its ledger holds now. Of jobs that were removed,
   * too.
   * @template R The job's pipeline, as in `runs<typeof NightlyReport>(…)`: then `result` is typed by it.
   * @throws {@link CronduitError} `JOB_NOT_FOUND` if there never was such a job
   */
  runs<R extends PipelineReference = string>(jobId: string): Run<ResultOf<R>>[] {
    return this.#fleet.rows(checkJobId(jobId, "runs")).map(toRun) as Run<ResultOf<R>>[];
  }

  /**
   * Checks that every nominal time since the test began, as the triggers give them now, has exactly one decision. Times in
   * which a job was paused count as soon as it is resumed.
   * @throws {@link CronduitError} `UNACCOUNTED`, which lists those that don't.
   */
  assertAllAccountedFor(): void {
    const { ledger, time } = this.#fleet;
    ledger.note();
    ledger.assertAll(time.now);
  }

  /**
   * Kills the worker, as `kill -9` does, and starts another one. What the killed one was running is not recorded by it, and is
   * taken up again when its lock has expired (after 15 s, unless the option `lock` says otherwise). Called inside a run,
   * it does not return.
   * @returns The ids of the runs that it was executing.
   * @throws {@link CronduitError} `INVALID_STATE` if the scheduler has no worker.
   */
  async killWorker(): Promise<string[]> {
    const worker = this.#worker("killWorker");
    const isInside = worker.runAround() !== undefined;
    const killed = worker.kill();
    await worker.restart();
    if (isInside) await new Promise(() => undefined);
    return killed;
  }

  /**
   * As if all machines were off for this long: the worker is killed, nothing runs, nothing is decided. Then a new worker
   * starts, and everything that was due goes on by the rules of each job.
   * @param duration Seconds, or `"2h"`.
   * @throws As {@link advanceBy}.
   */
  async outage(duration: number | string): Promise<void> {
    const ms = readOutage(duration);
    await this.#move("outage", async () => {
      const { machine, time, worker } = this.#fleet;
      await machine.settle();
      worker?.kill();
      machine.moveTo(time.now + ms);
      await worker?.restart();
      await machine.advanceTo(time.now, "outage");
    });
  }

  /**
   * Sets how far the worker's clock is ahead of the engine's, or behind it, from now on.
   * @param ahead Seconds, or `"3s"`; `"-3s"` for a clock that is behind.
   * @throws {@link CronduitError} `INVALID_OPTION`; `INVALID_STATE` if the scheduler has no worker.
   */
  skewClock(ahead: number | string): void {
    const worker = this.#worker("skewClock");
    worker.skew(readSkew(ahead));
  }

  /** As that of every scheduler; the test still knows the job. */
  override async removeJob(jobId: string): Promise<void> {
    this.#fleet.ledger.note();
    await super.removeJob(jobId);
  }

  /** Runs a job now; a call that waits for its end moves the time as far as that needs. */
  override async runJob<R extends PipelineReference = string>(
    jobId: string,
    options: RunJobOptions<SchemaOf<R>> & { wait: true | number | string },
  ): Promise<Run<ResultOf<R>>>;
  override async runJob<R extends PipelineReference = string>(
    jobId: string,
    options?: RunJobOptions<SchemaOf<R>> & { wait?: false | undefined },
  ): Promise<string>;
  override async runJob(jobId: string, options: RunJobOptions = {}): Promise<string | Run> {
    return this.#awaited(super.runJob(jobId, options as { wait: true }), options);
  }

  /** As that of every scheduler; its calls that wait move the time as those of the test do. */
  override as(actor: TrustedActor | LimitedActor, note?: string): ActingScheduler {
    return this.#acting(super.as(actor, note));
  }

  /** The lines of a run's log, to its end; the time moves as far as that needs. */
  override followLogs(
    runId: string,
    options: { signal?: AbortSignal } = {},
  ): AsyncGenerator<RunLogLine, void> {
    return this.#driven(super.followLogs(runId, options));
  }

  /** As that of every scheduler; the time moves as far as runs need to end. */
  override exportState(options: ExportOptions = {}): AsyncIterable<string> {
    return this.#driven(super.exportState(options));
  }

  /** Ends the scheduler and its worker; the time moves as far as that needs. */
  override async shutdown(options: ShutdownOptions = {}): Promise<void> {
    this.#isShutDown = true;
    try {
      await this.#drive(super.shutdown(options), { isEnding: true });
    } finally {
      this.#fleet.end();
    }
  }

  /** Ends everything at once, without waiting for runs. Safe to call twice. */
  async close(): Promise<void> {
    this.#fleet.worker?.kill();
    await this.shutdown({ wait: false });
  }

  /** As {@link close}. */
  override async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #acting(scheduler: ActingScheduler): ActingScheduler {
    const runJob = scheduler.runJob.bind(scheduler);
    const followLogs = scheduler.followLogs.bind(scheduler);
    const exportState = scheduler.exportState.bind(scheduler);
    const as = scheduler.as.bind(scheduler);
    return Object.assign(scheduler, {
      runJob: ((jobId: string, options?: RunJobOptions) =>
        this.#awaited(runJob(jobId, options as { wait: true }), options)) as typeof runJob,
      followLogs: (...given: Parameters<typeof followLogs>) => this.#driven(followLogs(...given)),
      exportState: (...given: Parameters<typeof exportState>) =>
        this.#driven(exportState(...given)),
      as: (...given: Parameters<typeof as>) => this.#acting(as(...given)),
    });
  }

  /** What `runJob` was asked for, moving the time if it waits for the end of the run. */
  #awaited<T>(asked: Promise<T>, options: RunJobOptions = {}): Promise<T> {
    const { wait } = parseOptions(runJobSchema, options, "runJob");
    if (wait === false) return asked;
    return this.#drive(asked, { forMs: wait === true ? undefined : wait });
  }

  /** Moves the time as far as `work` needs; inside a run, and in a listener during a move, whoever moves the time does. */
  #drive<T>(
    work: Promise<T>,
    { forMs, isEnding }: { forMs?: number | undefined; isEnding?: boolean } = {},
  ): Promise<T> {
    const listener = currentListener();
    if (this.#fleet.isInRun || (listener && this.#moves > 0)) return work;
    const driven = this.#next(() => this.#fleet.machine.drive(work, forMs, isEnding));
    return listener ? listener.waitFor(driven) : driven;
  }

  async *#driven<T>(items: AsyncIterable<T>): AsyncGenerator<T, void> {
    const each = items[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.#drive(each.next());
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await each.return?.();
    }
  }

  #move<T>(what: string, move: () => Promise<T>): Promise<T> {
    this.#refuseAfterShutdown();
    this.#fleet.refuseInside(what);
    return this.#next(move);
  }

  #next<T>(move: () => Promise<T>): Promise<T> {
    this.#moves += 1;
    const moved = this.#moving.then(move).finally(() => (this.#moves -= 1));
    this.#moving = moved.catch(() => undefined);
    return moved;
  }

  #refuseAfterShutdown(): void {
    if (!this.#isShutDown) return;
    throw new CronduitError("INVALID_STATE", "This scheduler was shut down. Make a new one.");
  }

  #worker(what: string) {
    this.#refuseAfterShutdown();
    const { worker } = this.#fleet;
    if (worker) return worker;
    throw new CronduitError(
      "INVALID_STATE",
      `${what}: this test scheduler has no worker, since it was made with worker: false. Leave that option out, or true, to test what happens to one.`,
    );
  }
}
