import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { DependencyContainer } from "../pipeline/injection.ts";
import { type Clock, within } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type {
  AdmittedRun,
  ConsumeOptions,
  Consumer,
  Engine,
  RunHold,
  TakenWakeUp,
  WakeUpEnd,
} from "../engine/engine.ts";
import { parseWakeUpId } from "../jobs/occurrence-id.ts";
import type { PipelineRegistry } from "../pipeline/registry.ts";
import { ABORT_GRACE_MS } from "../tasks/attempt-host.ts";
import { refuseRunProcess } from "../tasks/run-process.ts";
import { ActiveRun } from "./active-run.ts";
import { Admissions } from "./admission.ts";
import { CancelWatch } from "./cancel-watch.ts";
import { captureConsole } from "./console-capture.ts";
import { DefinitionCache, type KnownJob } from "./definition-cache.ts";
import { Heartbeat } from "./heartbeat.ts";
import { LogWriter } from "./log-writer.ts";
import { createRedaction } from "./redaction.ts";
import { RunPerformer, settleRemoved } from "./run-performer.ts";
import { ServerClock } from "./server-clock.ts";

/** A queue job of a pipeline that is unknown here is put back for so long, doubling, so that others may take it. */
const UNKNOWN_FIRST_MS = 100;
const UNKNOWN_MOST_MS = 5_000;
/** When to look again at a job that others decided about each time that it was asked for. */
const BUSY_JOB_MS = 100;
/** A child process that is killed at the end of its grace takes a moment to be gone. */
const STOP_GRACE_MS = ABORT_GRACE_MS + 500;

/** How a worker is made. */
export interface WorkerRuntimeOptions {
  readonly engine: Engine;
  readonly registry: PipelineRegistry;
  readonly container: DependencyContainer | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly concurrency: number;
  readonly lockMs: number;
  readonly stalledCheckMs: number;
  readonly maxCrashes: number;
  /** As {@link ConsumeOptions.limit}. */
  readonly limit?: ConsumeOptions["limit"];
  /** Paths into the fields of log lines that are masked. */
  readonly redact?: readonly string[];
  /** Whether what runs write to the console goes to their logs. */
  readonly captureConsole?: boolean;
}

/** Takes queue jobs, admits, executes and settles them. Does not own the engine. */
export class WorkerRuntime {
  readonly id: string;
  readonly #options: WorkerRuntimeOptions;
  readonly #definitions: DefinitionCache;
  readonly #serverClock: ServerClock;
  readonly #admissions: Admissions;
  readonly #active = new Map<string, ActiveRun>();
  readonly #heartbeat: Heartbeat;
  readonly #logs: LogWriter;
  readonly #performer: RunPerformer;
  readonly #cancels: CancelWatch;
  #endCapture: () => void = () => undefined;
  #consumer: Consumer | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: WorkerRuntimeOptions) {
    this.#options = options;
    this.id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
    this.#definitions = new DefinitionCache(options.engine);
    this.#serverClock = new ServerClock(options.clock);
    this.#admissions = new Admissions({
      engine: options.engine,
      definitions: this.#definitions,
      clock: options.clock,
      serverClock: this.#serverClock,
      worker: this.id,
      maxCrashes: options.maxCrashes,
    });
    this.#heartbeat = new Heartbeat({
      id: this.id,
      engine: options.engine,
      registry: options.registry,
      concurrency: options.concurrency,
      clock: options.clock,
      serverClock: this.#serverClock,
      logger: options.logger,
      running: () => this.running,
    });
    const { engine, clock, logger, container } = options;
    this.#logs = new LogWriter(engine, clock, logger);
    this.#performer = new RunPerformer({
      engine,
      container,
      clock,
      serverClock: this.#serverClock,
      logger,
      logs: this.#logs,
      redaction: createRedaction(options.redact ?? []),
      capturesConsole: options.captureConsole ?? false,
      worker: this.id,
    });
    this.#cancels = new CancelWatch({
      engine,
      clock,
      logger,
      active: () => this.#active.values(),
    });
  }

  /** The ids of the runs that are being executed here. */
  get running(): string[] {
    return [...this.#active.values()].map((run) => run.runId);
  }

  async start(): Promise<void> {
    refuseRunProcess();
    const { engine, clock, concurrency, lockMs, stalledCheckMs, limit, logger } = this.#options;
    const sentAt = clock.now();
    const startedAt = await engine.now();
    this.#serverClock.observe(startedAt, sentAt);
    await this.#heartbeat.start(startedAt);
    await engine.appendEvents([{ name: "WORKER_STARTED", at: startedAt, worker: this.id }]);
    if (this.#options.captureConsole) this.#endCapture = captureConsole();
    this.#consumer = engine.consume({
      concurrency,
      lockMs,
      stalledCheckMs,
      limit,
      handle: (wakeUp) => this.#handle(wakeUp),
      onError: (error) => logger.warn("worker", { error }),
    });
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
    const consumer = this.#consumer;
    if (consumer) {
      const stopped = consumer.stop().then(() => true);
      if (!(await within(clock, deadlineMs, stopped))) {
        for (const run of this.#active.values())
          run.abort("shutdown", "the worker is shutting down");
        if (!(await within(clock, STOP_GRACE_MS, stopped))) {
          logger.warn("runs did not end when told to; they are handed back", {
            runs: this.running,
          });
          await Promise.allSettled(
            [...this.#active.values()].map(({ hold }) => engine.handBack(hold)),
          );
          await consumer.abandon();
        }
      }
    }
    this.#endCapture();
    this.#heartbeat.stop();
    this.#cancels.stop();
    await this.#logs.close();
    try {
      await engine.forgetWorker(this.id);
      await engine.appendEvents([
        { name: "WORKER_STOPPED", at: this.#serverClock.now(), worker: this.id },
      ]);
    } catch (error) {
      logger.warn("the worker's end could not be recorded", { error });
    }
  }

  async #handle(wakeUp: TakenWakeUp): Promise<WakeUpEnd> {
    const id = parseWakeUpId(wakeUp.id);
    if (!id) return "done";
    const known = await this.#definitions.get(
      id.jobId,
      id.kind === "occurrence" ? { generation: id.sequence } : {},
    );
    // Without its job a queue job is void, or its run is to be ended: any worker may see to that.
    if (known && !this.#options.registry.has(known.definition.pipeline)) {
      return { againInMs: this.#unknownDelay(known.definition.pipeline, wakeUp.takes) };
    }
    const admission = await this.#admissions.decide(wakeUp, id, known);
    if (admission.outcome === "early") return { againInMs: admission.waitMs };
    if (admission.outcome === "behind") return { againInMs: BUSY_JOB_MS };
    if (admission.outcome !== "run") return "done";
    const job = await this.#definitions.get(id.jobId, { revision: admission.revision });
    return this.#perform(wakeUp, admission.run, id.jobId, job ?? known);
  }

  async #perform(
    wakeUp: TakenWakeUp,
    run: AdmittedRun,
    jobId: string,
    job: KnownJob | undefined,
  ): Promise<WakeUpEnd> {
    const hold: RunHold = { jobId, queueJobId: wakeUp.id, start: run.start };
    if (!job) {
      await settleRemoved(this.#options.engine, hold, this.id);
      return "done";
    }
    const descriptor = this.#options.registry.get(job.definition.pipeline);
    if (!descriptor) {
      // The job was given another pipeline between the look and the admission.
      await this.#options.engine.handBack(hold);
      return { againInMs: this.#unknownDelay(job.definition.pipeline, wakeUp.takes) };
    }
    const active = new ActiveRun(run.runId, hold, this.#options.clock);
    const onLockLost = (): void => active.abort("lock-lost", "the run's lock was lost");
    if (wakeUp.signal.aborted) onLockLost();
    else wakeUp.signal.addEventListener("abort", onLockLost, { once: true });
    this.#active.set(wakeUp.id, active);
    this.#cancels.watch();
    try {
      return await this.#performer.perform(active, run, job, descriptor);
    } finally {
      wakeUp.signal.removeEventListener("abort", onLockLost);
      this.#active.delete(wakeUp.id);
    }
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
