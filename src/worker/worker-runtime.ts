import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { DependencyContainer } from "../pipeline/injection.ts";
import { type Clock, within } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { CronduitError } from "../core/errors.ts";
import type {
  AdmittedRun,
  Consumer,
  Engine,
  RunHold,
  TakenWakeUp,
  WakeUpEnd,
} from "../engine/engine.ts";
import { parseWakeUpId } from "../jobs/occurrence-id.ts";
import { DEFAULT_QUEUE } from "../jobs/queue.ts";
import type { PipelineRegistry } from "../pipeline/registry.ts";
import { Admissions } from "./admission.ts";
import { DefinitionCache, type KnownJob } from "./definition-cache.ts";
import { execute, type RunOutcome } from "./execution.ts";
import { Heartbeat } from "./heartbeat.ts";
import { ServerClock } from "./server-clock.ts";

/** A queue job of a pipeline that is unknown here is put back for so long, doubling, so that others may take it. */
const UNKNOWN_FIRST_MS = 100;
const UNKNOWN_MOST_MS = 5_000;
/** When to look again at a job that others decided about each time that it was asked for. */
const BUSY_JOB_MS = 100;
/** How long pipelines have to end after their signal was aborted. */
const ABORT_GRACE_MS = 3_000;

/** Why a run's signal was aborted, as far as settlement cares. */
type AbortCause = "lock-lost" | "shutdown";

/** One of the queues that a worker serves. */
interface Lane {
  readonly engine: Engine;
  readonly definitions: DefinitionCache;
  readonly admissions: Admissions;
}

interface ActiveRun {
  readonly lane: Lane;
  readonly runId: string;
  readonly hold: RunHold;
  readonly controller: AbortController;
  cause: AbortCause | undefined;
}

/** How a worker is made. */
export interface WorkerRuntimeOptions {
  readonly engine: Engine;
  readonly registry: PipelineRegistry;
  readonly container: DependencyContainer | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly queues: readonly string[];
  /** On each queue. */
  readonly concurrency: number;
  readonly lockMs: number;
  readonly stalledCheckMs: number;
  readonly maxCrashes: number;
}

/** Takes queue jobs, admits, executes and settles them. Does not own the engine. */
export class WorkerRuntime {
  readonly id: string;
  readonly #options: WorkerRuntimeOptions;
  readonly #serverClock: ServerClock;
  readonly #active = new Map<string, ActiveRun>();
  readonly #heartbeat: Heartbeat;
  #consumers: readonly Consumer[] = [];
  #stopping: Promise<void> | undefined;

  constructor(options: WorkerRuntimeOptions) {
    this.#options = options;
    this.id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
    this.#serverClock = new ServerClock(options.clock);
    this.#heartbeat = new Heartbeat({
      id: this.id,
      engine: options.engine,
      registry: options.registry,
      queues: options.queues,
      concurrency: options.concurrency,
      clock: options.clock,
      serverClock: this.#serverClock,
      logger: options.logger,
      running: () => this.running,
    });
  }

  /** The ids of the runs that are being executed here. */
  get running(): string[] {
    return [...this.#active.values()].map((run) => run.runId);
  }

  async start(): Promise<void> {
    const { engine, clock, queues, concurrency, lockMs, stalledCheckMs, logger } = this.#options;
    const lanes = await Promise.all(queues.map((queue) => this.#lane(queue)));
    const sentAt = clock.now();
    const startedAt = await engine.now();
    this.#serverClock.observe(startedAt, sentAt);
    await this.#heartbeat.start(startedAt);
    await engine.appendEvents([{ name: "WORKER_STARTED", at: startedAt, worker: this.id }]);
    this.#consumers = lanes.map((lane) =>
      lane.engine.consume({
        concurrency,
        lockMs,
        stalledCheckMs,
        handle: (wakeUp) => this.#handle(lane, wakeUp),
        onError: (error) => logger.warn("worker", { error }),
      }),
    );
  }

  async #lane(queue: string): Promise<Lane> {
    const { engine: fleet, clock, maxCrashes } = this.#options;
    const engine = queue === DEFAULT_QUEUE ? fleet : await fleet.serve?.(queue);
    if (!engine) throw new CronduitError("INTERNAL", `${fleet.label} has no queue "${queue}"`);
    const definitions = new DefinitionCache(engine);
    const serverClock = this.#serverClock;
    const worker = this.id;
    const parts = { engine, definitions, clock, serverClock, worker, maxCrashes };
    return { engine, definitions, admissions: new Admissions(parts) };
  }

  /**
   * Takes no more runs and waits for those that are being executed. After `deadlineMs` their signals are aborted, and
   * what has not ended shortly after is handed back to other workers. Calling it again waits for the same end.
   */
  stop(deadlineMs: number): Promise<void> {
    this.#stopping ??= this.#stop(deadlineMs);
    return this.#stopping;
  }

  async #stop(deadlineMs: number): Promise<void> {
    const { engine, clock, logger } = this.#options;
    const consumers = this.#consumers;
    if (consumers.length > 0) {
      const stopped = Promise.all(consumers.map((consumer) => consumer.stop())).then(() => true);
      if (!(await within(clock, deadlineMs, stopped))) {
        for (const run of this.#active.values())
          this.#abort(run, "shutdown", "the worker is shutting down");
        if (!(await within(clock, ABORT_GRACE_MS, stopped))) {
          logger.warn("runs did not end when told to; they are handed back", {
            runs: this.running,
          });
          await Promise.allSettled(
            [...this.#active.values()].map(({ lane, hold }) => lane.engine.handBack(hold)),
          );
          await Promise.all(consumers.map((consumer) => consumer.abandon()));
        }
      }
    }
    this.#heartbeat.stop();
    try {
      await engine.forgetWorker(this.id);
      await engine.appendEvents([
        { name: "WORKER_STOPPED", at: this.#serverClock.now(), worker: this.id },
      ]);
    } catch (error) {
      logger.warn("the worker's end could not be recorded", { error });
    }
  }

  async #handle(lane: Lane, wakeUp: TakenWakeUp): Promise<WakeUpEnd> {
    const id = parseWakeUpId(wakeUp.id);
    if (!id) return "done";
    const known = await lane.definitions.get(
      id.jobId,
      id.kind === "occurrence" ? { generation: id.sequence } : {},
    );
    // Without its job a queue job is void, or its run is to be ended: any worker may see to that.
    if (known && !this.#options.registry.has(known.definition.pipeline)) {
      return { againInMs: this.#unknownDelay(known.definition.pipeline, wakeUp.takes) };
    }
    const admission = await lane.admissions.decide(wakeUp, id, known);
    if (admission.outcome === "early") return { againInMs: admission.waitMs };
    if (admission.outcome === "behind") return { againInMs: BUSY_JOB_MS };
    if (admission.outcome !== "run") return "done";
    const job = await lane.definitions.get(id.jobId, { revision: admission.revision });
    return this.#perform(lane, wakeUp, admission.run, id.jobId, job ?? known);
  }

  async #perform(
    lane: Lane,
    wakeUp: TakenWakeUp,
    run: AdmittedRun,
    jobId: string,
    job: KnownJob | undefined,
  ): Promise<WakeUpEnd> {
    const hold: RunHold = { jobId, queueJobId: wakeUp.id, attempt: run.attempt };
    if (!job) return this.#settleRemoved(lane, hold);
    const descriptor = this.#options.registry.get(job.definition.pipeline);
    if (!descriptor) {
      // The job was given another pipeline between the look and the admission.
      await lane.engine.handBack(hold);
      return { againInMs: this.#unknownDelay(job.definition.pipeline, wakeUp.takes) };
    }
    const active: ActiveRun = {
      lane,
      runId: run.runId,
      hold,
      controller: new AbortController(),
      cause: undefined,
    };
    const onLockLost = (): void => this.#abort(active, "lock-lost", "the run's lock was lost");
    if (wakeUp.signal.aborted) onLockLost();
    else wakeUp.signal.addEventListener("abort", onLockLost, { once: true });
    this.#active.set(wakeUp.id, active);
    try {
      const outcome = await execute(run, job.definition, {
        descriptor,
        container: this.#options.container,
        clock: this.#options.clock,
        logger: this.#options.logger,
        signal: active.controller.signal,
      });
      return await this.#conclude(active, outcome, job);
    } finally {
      wakeUp.signal.removeEventListener("abort", onLockLost);
      this.#active.delete(wakeUp.id);
    }
  }

  async #conclude(active: ActiveRun, outcome: RunOutcome, job: KnownJob): Promise<WakeUpEnd> {
    const { logger } = this.#options;
    const { hold, lane } = active;
    // An attempt that was told to stop and did is not a failure of the job: another attempt will follow.
    if (!outcome.ok && active.cause === "lock-lost") return "done";
    if (!outcome.ok && active.cause === "shutdown") {
      await lane.engine.handBack(hold);
      return "hand-back";
    }
    const settlement = await lane.engine.settle({
      ...hold,
      verdict: outcome.ok ? "succeeded" : "failed",
      durationMs: outcome.durationMs,
      worker: this.id,
      resultJson: outcome.resultJson,
      error: outcome.error,
      retention: job.definition.retention,
    });
    if (settlement.outcome === "fenced") {
      logger.warn("an attempt lost its run and was not recorded", { ...hold, runId: active.runId });
    }
    return "done";
  }

  /** The run was admitted before its job was removed, and its definition is gone: it can't be executed. */
  async #settleRemoved({ engine }: Lane, hold: RunHold): Promise<WakeUpEnd> {
    await engine.settle({
      ...hold,
      verdict: "cancelled",
      durationMs: 0,
      worker: this.id,
      resultJson: undefined,
      error: {
        name: "CronduitError",
        code: "JOB_NOT_FOUND",
        message: "the job was removed before the run began",
      },
      retention: { count: 1_000, ageMs: 30 * 86_400_000 },
    });
    return "done";
  }

  #abort(run: ActiveRun, cause: AbortCause, message: string): void {
    if (run.cause) return;
    run.cause = cause;
    run.controller.abort(new CronduitError("RUN_ABORTED", message));
  }

  /**
   * How long a queue job of a pipeline that is unknown here is put back, so that others may take it: shortly if some
   * worker of the fleet can run it, and longer each time if none can.
   */
  #unknownDelay(pipeline: string, takes: number): number {
    if (this.#heartbeat.isKnownInFleet(pipeline)) return UNKNOWN_FIRST_MS;
    return Math.min(UNKNOWN_FIRST_MS * 2 ** Math.min(takes - 1, 10), UNKNOWN_MOST_MS);
  }
}
