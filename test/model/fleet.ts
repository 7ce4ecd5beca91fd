// The real thing by hand: schedulers' and workers' parts on a real engine, in a time and an order that the test chooses.
import { AsyncLocalStorage } from "node:async_hooks";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { Ending } from "../../src/core/ending.ts";
import { lineLogger } from "../../src/core/log.ts";
import type { ConsumeOptions, Engine, QueueJobOutcome } from "../../src/engine/port/engine.ts";
import { Pipeline, type RunContext } from "../../src/index.ts";
import { PipelineRegistry } from "../../src/pipeline/registry.ts";
import { ChangeLog } from "../../src/scheduler/change-log.ts";
import { JobCommands } from "../../src/scheduler/job-commands.ts";
import { Reconciler } from "../../src/scheduler/reconciler.ts";
import { WorkerRuntime } from "../../src/worker/worker-runtime.ts";
import { MAX_CRASHES, type Taking } from "./model.ts";
import type { Place } from "./place.ts";
import { CallOrder } from "./call-order.ts";
import { engineThrough, engineWith } from "../helpers/engine-with.ts";

/** When every run of the property begins. */
export const START = Date.UTC(2026, 2, 1, 12);
/** The jobs of a fleet, as the model calls them. */
export const JOBS = ["a", "b"] as const;
/** How many workers take queue jobs. */
export const WORKERS = 4;

/** The time of a place; each fleet sets it. */
export interface Time {
  now: number;
}

interface Worker {
  readonly runtime: WorkerRuntime;
  readonly hand: ConsumeOptions;
  readonly clock: { aheadMs: number };
  /** How far its idea of the server's clock is off, until the server's next answer. */
  offMs: number;
}

/** A run that a worker executes until {@link ModelFleet.finish}. */
export interface Held {
  readonly queueJobId: string;
  readonly runId: string;
  readonly attempt: number;
  readonly end: (isGood: boolean) => void;
  ended: Promise<unknown>;
  /** Whether its lock is gone: others may have the queue job. */
  isLost: boolean;
}

/** One taking of a queue job by a worker. */
interface Take {
  readonly queueJobId: string;
  hold(held: Held): void;
}

const takes = new AsyncLocalStorage<Take>();

class Work extends Pipeline {
  run({ runId, attempt }: RunContext): unknown {
    const take = takes.getStore();
    if (!take) throw new Error("a run that nobody took");
    return new Promise((resolve, reject) => {
      take.hold({
        queueJobId: take.queueJobId,
        runId,
        attempt,
        end: (isGood) => (isGood ? resolve("done") : reject(new Error("failed on purpose"))),
        ended: Promise.resolve(),
        isLost: false,
      });
    });
  }
}

const nothing = (): void => undefined;
// What writes nothing is known to do so: nothing is read for it either.
const quiet = lineLogger("error", nothing);
let fleets = 0;

/** A few new jobs and workers on an engine that other fleets used before. */
export class ModelFleet implements AsyncDisposable {
  readonly desk: JobCommands;
  readonly engine: Engine;
  readonly callOrder = new CallOrder();
  readonly held: Held[] = [];
  /** Queue jobs that were lost and not found to be. */
  readonly lost = new Set<string>();
  readonly workers: Worker[] = [];
  readonly place: Place;
  readonly #number = (fleets += 1);
  readonly #time: Time;
  #uniques = 0;
  #latest = START;

  private constructor(place: Place, time: Time) {
    this.place = place;
    this.#time = time;
    time.now = START;
    this.engine = this.#engineOf(0);
    const registry = new PipelineRegistry([Work]);
    this.desk = new JobCommands({
      engine: this.engine,
      registry,
      logger: quiet,
      changes: new ChangeLog(quiet, systemClock),
      defaults: { timezone: "UTC", calendars: new Map() },
    });
  }

  static async open(place: Place, time: Time): Promise<ModelFleet> {
    const fleet = new ModelFleet(place, time);
    for (let i = 0; i < WORKERS; i += 1) await fleet.#hire(i);
    return fleet;
  }

  /** The id of a job of the model. */
  idOf(job: string): string {
    return `${job}-${this.#number}`;
  }

  /** The job of the model, if the id is one of this fleet. */
  jobOf(id: string): string | undefined {
    return JOBS.find((job) => this.idOf(job) === id);
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
    this.#latest = Math.max(this.#latest, this.now);
  }

  /** Sets the server's clock back or forward; the workers' clocks don't change. */
  stepServer(ms: number): void {
    this.pass(ms);
    for (const worker of this.workers) {
      worker.clock.aheadMs -= ms;
      worker.offMs -= ms;
    }
  }

  /** A worker takes a queue job; returns when its run is under way, or when nothing is left to do. */
  async take(queueJobId: string, workerIndex: number): Promise<Taking> {
    const worker = this.workers[workerIndex % WORKERS];
    if (!worker) throw new Error("there is no worker");
    await this.place.queue.activate(queueJobId);
    worker.offMs = 0;
    const queueJob = { id: queueJobId, pipeline: "Work", takes: 1 };
    let held: Held | undefined;
    return new Promise<Taking>((resolve, reject) => {
      const hold = (run: Held): void => {
        held = run;
        this.held.push(run);
        // The promise of its end is there one turn later, when the worker has returned to its caller.
        setImmediate(() => {
          run.ended = ended;
          resolve("runs");
        });
      };
      const { signal } = new AbortController();
      const ended = takes.run({ queueJobId, hold }, async () => {
        const end = await worker.hand.handle({ ...queueJob, signal });
        if (!held?.isLost) await this.#conclude(queueJobId, end);
        resolve(end === "done" ? "nothing" : "again");
      });
      ended.catch(reject);
    });
  }

  /** A run ends, well or badly. */
  async finish(held: Held, isGood: boolean): Promise<void> {
    this.held.splice(this.held.indexOf(held), 1);
    held.end(isGood);
    await held.ended;
  }

  /** The lock of a run's queue job ends, and BullMQ gives it to others. A worker that died never comes back. */
  async loseLock(held: Held, isDead: boolean): Promise<void> {
    held.isLost = true;
    if (isDead) this.held.splice(this.held.indexOf(held), 1);
    await this.place.queue.delay(held.queueJobId, this.now);
  }

  async loseQueueJob(id: string): Promise<void> {
    this.lost.add(id);
    await this.place.queue.remove(id);
  }

  /** Two passes of the reconciler: what it finds twice it repairs. */
  async heal(): Promise<void> {
    const reconciler = new Reconciler({
      engine: this.engine,
      clock: { ...quietClock(), now: () => this.now },
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
    for (const job of JOBS) await this.desk.remove(this.idOf(job)).catch(nothing);
    for (const held of this.held.slice()) await this.finish(held, true);
    for (const { runtime } of this.workers) await runtime.stop(new Ending(systemClock, 0));
    for (const { id } of await this.place.queue.waiting()) await this.place.queue.remove(id);
  }

  async #conclude(queueJobId: string, end: QueueJobOutcome): Promise<void> {
    if (end === "done" || end === "ended") return this.place.queue.remove(queueJobId);
    const inMs = end === "hand-back" ? 0 : end.againInMs;
    return this.place.queue.delay(queueJobId, this.now + inMs);
  }

  async #hire(index: number): Promise<void> {
    // The machines' clocks are wrong, each in its own way; a worker reckons with that.
    const clock = { aheadMs: (index - 1) * 7_000 };
    const hands: ConsumeOptions[] = [];
    const runtime = new WorkerRuntime({
      engine: this.#engineOf(index + 1, (hand) => hands.push(hand)),
      registry: new PipelineRegistry([Work]),
      container: undefined,
      clock: { ...quietClock(), now: () => this.now + clock.aheadMs },
      logger: quiet,
      concurrency: 100,
      queues: ["default"],
      lockMs: 15_000,
      stalledCheckMs: 5_000,
      maxCrashes: MAX_CRASHES,
    });
    await runtime.start();
    const [hand] = hands;
    if (hand) this.workers.push({ runtime, hand, clock, offMs: 0 });
  }

  /** An engine whose calls go through the callOrder, and whose queue jobs are taken by hand. */
  #engineOf(index: number, onConsume: (hand: ConsumeOptions) => void = nothing): Engine {
    const { engines } = this.place;
    const engine = engines[index % engines.length];
    if (!engine) throw new Error("there is no engine");
    const gone = async (): Promise<void> => undefined;
    const byHand = engineWith(engine, {
      queue: {
        consume(hand) {
          onConsume(hand);
          return { stop: gone, abandon: gone };
        },
      },
    });
    return engineThrough(byHand, (path, method) =>
      path === "queue.consume" ? method() : this.callOrder.pass(async () => method()),
    );
  }
}

/** No timer of it ever fires. */
function quietClock(): Omit<Clock, "now"> {
  return { elapsed: () => 0, after: () => nothing };
}
