// The real thing by hand: schedulers' and workers' parts on a real engine, in a time and an order that the test chooses.
import { Rights } from "../../src/scheduler/rights.ts";
import { TESTER } from "../helpers/tester.ts";
import { AsyncLocalStorage } from "node:async_hooks";
import { type Clock, nextTurn, systemClock } from "../../src/core/clock.ts";
import { Ending } from "../../src/core/ending.ts";
import { lineLogger } from "../../src/core/log.ts";
import { MultiQueueEngine } from "../../src/engine/multi-queue/multi-queue-engine.ts";
import type { AuditFinding, Engine, QueueJobOutcome } from "../../src/engine/port/engine.ts";
import type { ConsumeOptions } from "../../src/engine/port/queue-job.ts";
import type { QueueEngine } from "../../src/engine/port/queue-engine.ts";
import { Pipeline, type RunContext } from "../../src/index.ts";
import { DEFAULT_QUEUE } from "../../src/jobs/queue.ts";
import { PipelineRegistry } from "../../src/pipeline/registry.ts";
import { Backfills } from "../../src/scheduler/backfill.ts";
import { ChangeLog } from "../../src/scheduler/change-log.ts";
import { JobCommands } from "../../src/scheduler/job-commands.ts";
import { Reconciler } from "../../src/scheduler/reconciler.ts";
import { WorkerRuntime } from "../../src/worker/worker-runtime.ts";
import { CallOrder } from "./call-order.ts";
import { type Place, QUEUES, type RawLine } from "./place.ts";
import { Recorder } from "./recorder.ts";

/** When every run of the property begins. */
export const START = Date.UTC(2026, 2, 1, 12);
/** The jobs of a fleet, as the steps call them. */
export const JOBS = ["a", "b", "c"] as const;
/** How many workers take queue jobs. */
export const WORKERS = 4;
const MAX_CRASHES = 3;
/** Timers of this length ask whether runs were cancelled. */
const CANCEL_WATCH_MS = 400;
/** Nothing is under way after so many turns without a call. */
const QUIET_TURNS = 3;

/** The time of a place; each fleet sets it. */
export interface Time {
  now: number;
}

/** How a run ends: for good, by an error, or to go on after a sleep. */
export type RunEnding = "well" | "badly" | "asleep";

interface Worker {
  readonly runtime: WorkerRuntime;
  readonly hands: ReadonlyMap<string, ConsumeOptions>;
  readonly clock: { aheadMs: number };
  readonly watches: Set<() => void>;
}

/** A run that a worker executes until {@link ModelFleet.finish}. */
export interface Held {
  readonly queue: string;
  readonly queueJobId: string;
  readonly runId: string;
  readonly end: (how: RunEnding) => void;
  /** Tells its worker that its lock is lost. */
  readonly tell: () => void;
  ended: Promise<unknown>;
  /** Whether its lock is gone: others may have the queue job. */
  isLost: boolean;
}

/** One taking of a queue job by a worker. */
interface Take {
  readonly queue: string;
  readonly queueJobId: string;
  readonly tell: () => void;
  readonly hold: (held: Held) => void;
  readonly over: (held: Held) => void;
}

const takes = new AsyncLocalStorage<Take>();
let sleeps = 0;

class Work extends Pipeline {
  async run(context: RunContext): Promise<string> {
    const take = takes.getStore();
    if (!take) throw new Error("a run that nobody took");
    const { runId, signal } = context;
    const how = await new Promise<RunEnding>((resolve, reject) => {
      const held = {
        queue: take.queue,
        queueJobId: take.queueJobId,
        runId,
        end: resolve,
        tell: take.tell,
        ended: Promise.resolve(),
        isLost: false,
      };
      signal.addEventListener("abort", () => {
        take.over(held);
        reject(signal.reason as Error);
      });
      take.hold(held);
    });
    if (how === "badly") throw new Error("failed on purpose");
    if (how === "asleep") await context.sleep("20s", { name: `nap ${(sleeps += 1)}` });
    return "done";
  }
}

const nothing = (): void => undefined;
// What writes nothing is known to do so: nothing is read for it either.
const quiet = lineLogger("error", nothing);
let fleets = 0;

/** A few new jobs and workers on engines that other fleets used before. */
export class ModelFleet implements AsyncDisposable {
  readonly desk: JobCommands;
  readonly backfills: Backfills;
  readonly engine: Engine;
  readonly callOrder = new CallOrder();
  readonly recorder: Recorder;
  readonly held: Held[] = [];
  readonly place: Place;
  /** The ids of the jobs that may have been there. */
  readonly known = new Set<string>();
  /** Whether queue jobs were lost: only the reconciler finds that. */
  hasLost = false;
  /** Jobs that may have had a group, and a backfill. */
  readonly grouped = new Set<string>();
  /** Those of whose ledgers rows may have been dropped. */
  readonly cut = new Set<string>();
  readonly backfilled = new Set<string>();
  /** What was declared last for each job. */
  readonly declared = new Map<string, Record<string, unknown>>();
  readonly #workers: Worker[] = [];
  readonly #number = (fleets += 1);
  readonly #time: Time;
  #uniques = 0;
  #latest = START;
  #elapsed = 0;

  private constructor(place: Place, time: Time) {
    this.place = place;
    this.#time = time;
    time.now = START;
    this.recorder = new Recorder(this.callOrder, () => this.now);
    this.engine = this.#engineOf(0);
    const registry = new PipelineRegistry([Work]);
    this.desk = new JobCommands({
      rights: new Rights(TESTER),
      engine: this.engine,
      registry,
      logger: quiet,
      changes: new ChangeLog(quiet, systemClock),
      defaults: { timezone: "UTC", calendars: new Map() },
    });
    this.backfills = new Backfills({
      engine: this.engine,
      store: this.desk.store,
      registry,
      rights: new Rights(TESTER),
    });
  }

  static async open(place: Place, time: Time): Promise<ModelFleet> {
    const fleet = new ModelFleet(place, time);
    for (let i = 0; i < WORKERS; i += 1) await fleet.#hire(i);
    fleet.recorder.take();
    return fleet;
  }

  /** The id of a job, or the key of a group, that no other fleet has. */
  idOf(name: string): string {
    return `${name}-${this.#number}`;
  }

  get jobIds(): string[] {
    return JOBS.map((job) => this.idOf(job));
  }

  get pipeline(): typeof Work {
    return Work;
  }

  get now(): number {
    return this.#time.now;
  }

  /** A number that no other has had. */
  unique(): number {
    return (this.#uniques += 1);
  }

  /** How far the clock was set back. */
  get behindMs(): number {
    return this.#latest - this.now;
  }

  /** Time passes, for all. */
  pass(ms: number): void {
    this.#time.now += ms;
    this.#elapsed += Math.max(0, ms);
    this.#latest = Math.max(this.#latest, this.now);
  }

  /** Sets the server's clock back or forward; the workers' clocks don't change. */
  stepServer(ms: number): void {
    this.#time.now += ms;
    this.#latest = Math.max(this.#latest, this.now);
    for (const worker of this.#workers) worker.clock.aheadMs -= ms;
  }

  /** A worker takes a queue job; returns when its run is under way, or when nothing is left to do. */
  async take(queue: string, queueJobId: string, workerIndex: number): Promise<void> {
    const hand = this.#worker(workerIndex).hands.get(queue);
    if (!hand) throw new Error(`nobody works on queue "${queue}"`);
    if (!(await this.#byHand(queue, "activate", queueJobId))) return;
    let held: Held | undefined;
    return new Promise<void>((resolve, reject) => {
      const hold = (run: Held): void => {
        held = run;
        this.held.push(run);
        // The promise of its end is there one turn later, when the worker has returned to its caller.
        setImmediate(() => {
          run.ended = ended;
          resolve();
        });
      };
      const over = (run: Held): void => this.#forget(run);
      const lock = new AbortController();
      const tell = (): void => lock.abort();
      const queueJob = { id: queueJobId, pipeline: "Work", takes: 1, signal: lock.signal };
      const ended = takes.run({ queue, queueJobId, tell, hold, over }, async () => {
        const end = await hand.handle(queueJob);
        if (!held?.isLost) await this.#conclude(queue, queueJobId, end);
        resolve();
      });
      ended.catch(reject);
    });
  }

  /** A run ends. */
  async finish(held: Held, how: RunEnding): Promise<void> {
    this.#forget(held);
    held.end(how);
    await held.ended;
  }

  /** A worker asks whether its runs were cancelled, and ends those that were. */
  async watch(workerIndex: number): Promise<void> {
    const { watches } = this.#worker(workerIndex);
    const due = [...watches];
    watches.clear();
    for (const look of due) look();
    await this.#quiet();
  }

  /** The lock of a run's queue job ends, and BullMQ gives it to others. A worker that died never comes back. */
  async loseLock(held: Held, isDead: boolean, isTold = false): Promise<void> {
    held.isLost = true;
    if (isDead) this.#forget(held);
    await this.#byHand(held.queue, "delay", held.queueJobId, this.now);
    if (isDead || !isTold) return;
    held.tell();
    await this.#quiet();
  }

  async loseQueueJob(queue: string, id: string): Promise<void> {
    this.hasLost = true;
    await this.#byHand(queue, "remove", id);
  }

  /** A worker that stops gives a run back. */
  async handBack(held: Held): Promise<void> {
    const { queue, queueJobId, runId } = held;
    const jobId = this.jobIds.find((id) => runId.startsWith(`${id}:`)) ?? "";
    const engine = queue === DEFAULT_QUEUE ? this.engine : await this.engine.serve?.(queue);
    const start = this.recorder.starts.get(runId) ?? 0;
    await engine?.runs.handBack({ jobId, queueJobId, runId, start });
    await this.loseLock(held, true);
  }

  /** Two passes of the reconciler: what it finds twice it repairs. */
  async heal(): Promise<void> {
    const reconciler = new Reconciler({
      engine: this.engine,
      clock: { ...this.#clock(), now: () => this.now },
      logger: quiet,
      owner: "model",
      everyMs: 10_000,
      overdueMs: 5_000,
      finishedRetentionMs: 1e12,
    });
    await reconciler.pass();
    await reconciler.pass();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.known) await this.desk.remove(id).catch(nothing);
    for (const held of this.held.slice()) await this.finish(held, "well");
    for (const { runtime } of this.#workers) await runtime.stop(new Ending(systemClock, 0));
    for (const line of this.place.lines.values())
      for (const { id } of await line.waiting()) await line.remove(id);
  }

  #worker(index: number): Worker {
    const worker = this.#workers[index % WORKERS];
    if (!worker) throw new Error("there is no worker");
    return worker;
  }

  /** Until nothing is under way any more. */
  async #quiet(): Promise<void> {
    for (let turns = 0; turns < QUIET_TURNS; turns += 1) {
      if (this.recorder.pending > 0) turns = 0;
      await nextTurn();
    }
  }

  #forget(held: Held): void {
    const at = this.held.indexOf(held);
    if (at >= 0) this.held.splice(at, 1);
  }

  async #conclude(queue: string, queueJobId: string, end: QueueJobOutcome): Promise<void> {
    if (end === "done" || end === "ended") {
      await this.#byHand(queue, "remove", queueJobId);
      return;
    }
    const inMs = end === "hand-back" ? 0 : end.againInMs;
    await this.#byHand(queue, "delay", queueJobId, this.now + inMs);
  }

  #byHand(
    queue: string,
    what: Exclude<keyof RawLine, "waiting">,
    id: string,
    dueAt = 0,
  ): Promise<boolean | void> {
    const line = this.place.lines.get(queue);
    if (!line) throw new Error(`there is no queue "${queue}"`);
    const params = what === "delay" ? [id, dueAt] : [id];
    return this.recorder.call<boolean | void>(queue, `line.${what}`, params, () =>
      line[what](id, dueAt),
    );
  }

  async #hire(index: number): Promise<void> {
    // The machines' clocks are wrong, each in its own way; a worker reckons with that.
    const clock = { aheadMs: (index - 1) * 7_000 };
    const hands = new Map<string, ConsumeOptions>();
    const watches = new Set<() => void>();
    const runtime = new WorkerRuntime({
      engine: this.#engineOf(index + 1, hands),
      registry: new PipelineRegistry([Work]),
      container: undefined,
      clock: { ...this.#clock(watches), now: () => this.now + clock.aheadMs },
      logger: quiet,
      concurrency: 100,
      queues: QUEUES,
      lockMs: 15_000,
      stalledCheckMs: 5_000,
      maxCrashes: MAX_CRASHES,
    });
    await runtime.start();
    this.#workers.push({ runtime, hands, clock, watches });
  }

  /** Several queues as one, over engines whose calls are noted and whose queue jobs are taken by hand. */
  #engineOf(index: number, hands = new Map<string, ConsumeOptions>()): Engine {
    const { engines } = this.place;
    const queues = engines[index % engines.length] ?? new Map<string, QueueEngine>();
    const over = (queue: string): QueueEngine => {
      const engine = queues.get(queue);
      if (!engine) throw new Error(`there is no queue "${queue}"`);
      return this.recorder.over(queue, engine, {
        sibling: over,
        consume: (hand) => hands.set(queue, hand),
        audited: (findings) => this.#own(findings),
      });
    };
    const clock: Clock = {
      ...systemClock,
      now: () => this.now,
      after: (_, action) => {
        setImmediate(action);
        return nothing;
      },
    };
    return new MultiQueueEngine(over(DEFAULT_QUEUE), clock);
  }

  /** What other fleets left behind is none of this one's business. */
  #own(findings: readonly AuditFinding[]): AuditFinding[] {
    return findings.filter(({ jobId }) => this.jobIds.includes(jobId));
  }

  /** Only the timers that {@link watch} sets off ever fire. */
  #clock(watches = new Set<() => void>()): Omit<Clock, "now"> {
    return {
      elapsed: () => this.#elapsed,
      after: (delayMs, action) => {
        if (delayMs === CANCEL_WATCH_MS) watches.add(action);
        return nothing;
      },
    };
  }
}
