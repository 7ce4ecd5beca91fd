import { Rights } from "../../src/scheduler/rights.ts";
import { TESTER } from "./tester.ts";
import { randomUUID } from "node:crypto";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { Ending } from "../../src/core/ending.ts";
import { lineLogger } from "../../src/core/log.ts";
import type { ConsumeOptions, Engine, QueueJobOutcome } from "../../src/engine/port/engine.ts";
import { explain, type Explanation } from "../../src/history/explain.ts";
import type { Run } from "../../src/history/run.ts";
import { RunHistory, type RunPage, type RunQuery } from "../../src/history/run-history.ts";
import { type AddJobOptions, Pipeline, type RunContext } from "../../src/index.ts";
import { PipelineRegistry } from "../../src/pipeline/registry.ts";
import type { StoredJob } from "../../src/jobs/definition.ts";
import type { EventName, StoredEvent } from "../../src/jobs/event.ts";
import { ChangeLog } from "../../src/scheduler/change-log.ts";
import { JobCommands } from "../../src/scheduler/job-commands.ts";
import { Backfills } from "../../src/scheduler/backfill.ts";
import { RunCommands, type RunJobOptions } from "../../src/scheduler/run-commands.ts";
import type { JobSnapshot } from "../../src/scheduler/job.ts";
import { type JobPage, type JobQuery, queryJobs } from "../../src/scheduler/job-query.ts";
import { skipOccurrence, unskipOccurrence } from "../../src/scheduler/skip-occurrence.ts";
import { WorkerRuntime } from "../../src/worker/worker-runtime.ts";
import { type TestStores, testStores, type TestStore, takenByHand } from "./test-stores.ts";

/** Where fleets begin: a Sunday. */
const START = "2026-03-01 12:00:00";

/** An instant in a test; without an offset in UTC, a time of day alone is on the day where fleets begin. */
export function at(text: string): number {
  const full = text.includes("-") ? text : `${START.slice(0, 10)} ${text}`;
  const instant = Date.parse(/Z$|[+-]\d\d:\d\d$/.test(full) ? full : `${full.replace(" ", "T")}Z`);
  if (Number.isNaN(instant)) throw new Error(`"${text}" is no instant`);
  return instant;
}

/** `12:00:10`, with its day in front if that is not where fleets begin. */
export function clockText(instant: Date | number): string {
  const text = new Date(instant).toISOString().replace("T", " ").replace("Z", "");
  return text.replace(`${START.slice(0, 10)} `, "").replace(/\.000$/, "");
}

/** Somebody who skips occurrences. */
export const ANA = {
  by: { kind: "user", id: "ana" },
  skips: (jobId: string, time: string) => ({
    where: "skipOccurrence",
    jobId,
    time: new Date(at(time)),
    by: ANA.by,
  }),
} as const;

interface HeldRun {
  readonly release: (result: unknown) => void;
  ended: Promise<void>;
}

/** How a fleet is made. */
export interface TestFleetOptions {
  /** The instant at which it begins. @default 2026-03-01 12:00 UTC */
  readonly start?: string;
  /** How many workers take queue jobs in turns. @default 1 */
  readonly workers?: number;
  /** The zone of jobs that name none. @default UTC */
  readonly timezone?: string;
  /** @default the stores of this test file: the Redis server that all files share, unless it entered another one */
  readonly stores?: TestStores;
}

/**
 * The scheduler's and the worker's parts on a real engine, in a time that only the test moves. Nothing happens by
 * itself: `moveTo` lets time pass while no worker is there, `work` takes what is due, `workTo` does both in turns.
 */
export class TestFleet implements AsyncDisposable {
  readonly engine: Engine;
  readonly desk: JobCommands;
  readonly runDesk: RunCommands;
  readonly backfills: Backfills;
  readonly store: TestStore;
  /** The contexts of all attempts, in the order of their start. */
  readonly started: RunContext[] = [];
  /** The pipeline of the jobs that {@link add} adds. */
  readonly Work: new () => Pipeline;
  /** While true, runs that start continue until {@link release}. */
  isHolding = false;
  /** What runs do unless they are held. */
  act: (context: RunContext) => unknown = () => undefined;
  readonly #history: RunHistory;
  readonly #workers: WorkerRuntime[];
  readonly #held = new Map<string, HeldRun>();
  readonly #takes = new Map<string, number>();
  readonly #consumers: ConsumeOptions[];
  readonly #time: { now: number };
  #cursor = "";
  #tellHeld: (run: HeldRun) => void = () => undefined;

  private constructor(options: TestFleetOptions, store: TestStore, time: { now: number }) {
    this.#time = time;
    this.store = store;
    const { engine, consumers } = takenByHand(store.engine);
    this.engine = engine;
    this.#consumers = consumers;
    const clock: Clock = {
      now: () => time.now,
      elapsed: () => systemClock.elapsed(),
      after: (delayMs, action) => systemClock.after(delayMs, action),
    };
    const run = (context: RunContext): unknown => this.#run(context);
    this.Work = class Work extends Pipeline {
      run(context: RunContext): unknown {
        return run(context);
      }
    };
    const registry = new PipelineRegistry([this.Work]);
    const quiet = (): void => undefined;
    const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
    this.desk = new JobCommands({
      rights: new Rights(TESTER),
      engine: this.engine,
      registry,
      logger,
      changes: new ChangeLog(logger, systemClock),
      defaults: { timezone: options.timezone ?? "UTC", calendars: new Map() },
    });
    this.#history = new RunHistory(this.engine);
    this.runDesk = new RunCommands({
      rights: new Rights(TESTER),
      engine: this.engine,
      store: this.desk.store,
      history: this.#history,
      clock,
      describe: (pipeline) => this.desk.describe(pipeline),
    });
    this.backfills = new Backfills({
      engine: this.engine,
      store: this.desk.store,
      registry,
      rights: new Rights(TESTER),
    });
    this.#workers = Array.from(
      { length: options.workers ?? 1 },
      () =>
        new WorkerRuntime({
          engine: this.engine,
          registry,
          container: undefined,
          clock,
          logger,
          queues: ["default"],
          concurrency: 100,
          lockMs: 15_000,
          stalledCheckMs: 5_000,
          maxCrashes: 3,
        }),
    );
  }

  static async open(options: TestFleetOptions = {}): Promise<TestFleet> {
    const time = { now: at(options.start ?? START) };
    const prefix = `bench-${randomUUID()}`;
    const store = await (options.stores ?? testStores()).open({
      prefix,
      serverNow: () => time.now,
    });
    const fleet = new TestFleet(options, store, time);
    for (const worker of fleet.#workers) await worker.start();
    fleet.#cursor = await fleet.engine.events.latestCursor();
    return fleet;
  }

  get now(): number {
    return this.#time.now;
  }

  /** Lets time pass; nothing is taken meanwhile. */
  moveTo(instant: string | number): void {
    const to = typeof instant === "number" ? instant : at(instant);
    if (to < this.#time.now) throw new Error("time does not go back");
    this.#time.now = to;
  }

  /** Adds a job of the pipeline of this fleet. */
  async add(options: AddJobOptions): Promise<StoredJob> {
    const [id = ""] = await this.desk.add([{ pipeline: this.Work, options }]);
    return this.desk.get(id);
  }

  /** Asks for a run; returns its id. */
  async ask(jobId: string, options: Omit<RunJobOptions, "wait"> = {}): Promise<string> {
    const asked = await this.runDesk.run(jobId, options);
    return typeof asked === "string" ? asked : asked.id;
  }

  /** Skips an occurrence, as the person "ana". */
  skip(jobId: string, time: string, reason?: string): Promise<void> {
    return skipOccurrence(this.engine, ANA.skips(jobId, time), reason);
  }

  /** Takes that back. */
  unskip(jobId: string, time: string): Promise<void> {
    return unskipOccurrence(this.engine, ANA.skips(jobId, time));
  }

  /** The job as stored, or `undefined`. */
  async find(jobId: string): Promise<StoredJob | undefined> {
    const [job] = await this.engine.jobs.get([jobId]);
    return job;
  }

  /** The next run as text, or the job's state if it has none. */
  async next(jobId: string): Promise<string> {
    const job = await this.desk.get(jobId);
    return job.nextFireAt === null ? job.state : clockText(job.nextFireAt);
  }

  jobs(query: JobQuery = {}): Promise<JobPage<JobSnapshot>> {
    return queryJobs(
      { engine: this.engine, registry: new PipelineRegistry(), logger: lineLogger("error") },
      query,
      "all",
    );
  }

  /** Takes all that is due. Returns when every run has ended or is held. */
  async work(): Promise<void> {
    for (;;) {
      const id = await this.#firstDue(this.#time.now);
      if (id === undefined) return;
      await this.take(id);
    }
  }

  /** Lets time pass with each queue job taken when it is due. */
  async workTo(instant: string | number): Promise<void> {
    const to = typeof instant === "number" ? instant : at(instant);
    for (;;) {
      const id = await this.#firstDue(to);
      if (id === undefined) break;
      this.moveTo(Math.max(this.#time.now, await this.#dueAt(id)));
      await this.take(id);
    }
    this.moveTo(to);
  }

  /** Plays BullMQ: gives one queue job, due or not, to the next worker, and applies the outcome. */
  async take(id: string): Promise<void> {
    const consumer = this.#consumers.shift();
    if (!consumer) throw new Error("this fleet has no worker");
    this.#consumers.push(consumer);
    const pipeline = await this.store.queue.take(id);
    const takes = (this.#takes.get(id) ?? 0) + 1;
    this.#takes.set(id, takes);
    const isHeld = new Promise<HeldRun>((resolve) => {
      this.#tellHeld = resolve;
    });
    const ended = consumer
      .handle({ id, pipeline, takes, signal: new AbortController().signal })
      .then((end) => this.#putBack(id, end));
    const held = await Promise.race([ended, isHeld]);
    if (held) held.ended = ended;
  }

  /** The ids of the queue jobs, those that wait first, then by their time. */
  queueJobs(): Promise<string[]> {
    return this.store.queue.ids();
  }

  /** The ids of the runs that are held, in the order of their start. */
  get held(): string[] {
    return [...this.#held.keys()];
  }

  /** Lets a held run end, the first by default; what waited for its instance is not taken yet. */
  async release(runId = this.held[0] ?? "", result?: unknown): Promise<void> {
    const run = this.#held.get(runId);
    if (!run) throw new Error(`no run "${runId}" is held`);
    this.#held.delete(runId);
    run.release(result);
    await run.ended;
  }

  /** All that the ledger has of a job, the oldest fire time first. */
  async runs(jobId: string, query: RunQuery = {}): Promise<Run[]> {
    const found: Run[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.page(jobId, { limit: 1_000, ...query, ...(cursor && { cursor }) });
      found.push(...page.runs);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return found.toSorted((a, b) => a.fireTime.getTime() - b.fireTime.getTime());
  }

  page(jobId: string, query: RunQuery = {}): Promise<RunPage> {
    return this.#history.page(jobId, query);
  }

  getRun(runId: string): Promise<Run> {
    return this.#history.get(runId);
  }

  /** The ledger in short: `12:00:10 succeeded`, `12:00:00..12:00:05 coalesced x6`, `12:01:00 skipped: paused`. */
  async verdicts(jobId: string): Promise<string[]> {
    return (await this.runs(jobId)).map((run) => {
      const to = clockText(run.fireTime);
      const when = run.count > 1 ? `${clockText(run.firstFireTime)}..${to}` : to;
      const reason = run.reason === undefined ? "" : `: ${run.reason}`;
      return `${when} ${run.verdict}${reason}${run.count > 1 ? ` x${run.count}` : ""}`;
    });
  }

  explain(jobId: string, instant: string | number): Promise<Explanation> {
    return explain(this.engine, jobId, typeof instant === "number" ? instant : at(instant), "all");
  }

  /** The fire times of all attempts so far, as text. */
  get fired(): string[] {
    return this.started.map(({ fireTime }) => clockText(fireTime));
  }

  /** The events since the last call, oldest first. */
  async events(...only: EventName[]): Promise<StoredEvent[]> {
    const found: StoredEvent[] = [];
    // A read that finds nothing would block for as long as the server's timer takes to notice.
    while (this.#cursor !== (await this.engine.events.latestCursor())) {
      const batch = await this.engine.events.read("fleet", this.#cursor, 1);
      found.push(...batch.events.map(({ event }) => event));
      this.#cursor = batch.cursor;
    }
    return found.filter(({ name }) => only.length === 0 || only.includes(name));
  }

  /** The events since the last call in short: `JOB_EXECUTED`, `JOB_MISSED x5`. */
  async eventNames(...only: EventName[]): Promise<string[]> {
    const events = await this.events(...only);
    return events.map(({ name, count = 1 }) => (count > 1 ? `${name} x${count}` : name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isHolding = false;
    for (const runId of this.held) await this.release(runId);
    for (const worker of this.#workers) await worker.stop(new Ending(systemClock, 0));
    await this.store.close();
  }

  async #firstDue(now: number): Promise<string | undefined> {
    const next = await this.store.queue.next();
    return next && (next.dueAt ?? now) <= now ? next.id : undefined;
  }

  async #dueAt(id: string): Promise<number> {
    return (await this.store.queue.dueAt(id)) ?? this.#time.now;
  }

  async #putBack(id: string, end: QueueJobOutcome): Promise<void> {
    if (end === "done" || end === "ended") return this.store.queue.drop(id);
    const delayMs = end === "hand-back" ? 0 : end.againInMs;
    return this.store.queue.putBack(id, this.#time.now + delayMs);
  }

  #run(context: RunContext): unknown {
    this.started.push(context);
    if (!this.isHolding) return this.act(context);
    return new Promise((resolve) => {
      const run: HeldRun = { release: resolve, ended: Promise.resolve() };
      this.#held.set(context.runId, run);
      this.#tellHeld(run);
    });
  }
}
