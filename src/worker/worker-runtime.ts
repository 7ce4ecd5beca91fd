import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { DependencyContainer } from "../pipeline/injection.ts";
import { type Clock, within } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import { errorSink } from "../core/error-sink.ts";
import type { Ending } from "../core/ending.ts";
import type { Logger } from "../core/log.ts";
import type {
  AdmittedRun,
  BegunRun,
  ConsumeOptions,
  Consumer,
  Engine,
  RunHold,
  TakenQueueJob,
  QueueJobOutcome,
} from "../engine/port/engine.ts";
import { parseQueueJobId, type QueueJobId } from "../jobs/occurrence-id.ts";
import { DEFAULT_QUEUE } from "../jobs/queue.ts";
import { hushed } from "../engine/calls/outage.ts";
import type { PipelineRegistry } from "../pipeline/registry.ts";
import { ABORT_GRACE_MS } from "../execution/attempt-host.ts";
import { refuseRunProcess } from "../execution/run-process.ts";
import { ActiveRun } from "./active-run.ts";
import { captureConsole } from "./console-capture.ts";
import type { KnownJob } from "./definition-cache.ts";
import { Heartbeat } from "./heartbeat.ts";
import { retryWhileLocked } from "./retry-while-locked.ts";
import { QueueConsumer } from "./queue-consumer.ts";
import { currentRun } from "./run-scope.ts";
import { OutcomeLog } from "./outcome-log.ts";
import { watchStrays } from "./strays.ts";
import { createRedaction } from "./redaction.ts";
import { settleRemoved } from "./run-performer.ts";
import { ServerClock } from "./server-clock.ts";

/** First and longest delay after which a queue job of an unknown pipeline becomes due again for others; it doubles each time. */
const UNKNOWN_FIRST_MS = 100;
const UNKNOWN_MOST_MS = 5_000;
/** When to look again at a job about which others decided during every request. */
const BUSY_JOB_MS = 100;
/** A child process that is killed at the end of its grace takes a moment to disappear. */
const STOP_GRACE_MS = ABORT_GRACE_MS + 400;
/** The parts of the end reserved for closing the engine afterwards, and for signing off before. */
const CLOSE_MS = 500;
const GOODBYE_MS = 300;

/** How a worker is made. */
export interface WorkerRuntimeOptions {
  readonly engine: Engine;
  readonly registry: PipelineRegistry;
  readonly container: DependencyContainer | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly queues: readonly string[];
  /** Per queue. */
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
  /** For warnings about a server that is away. */
  readonly #hushed: Logger;
  readonly #serverClock: ServerClock;
  readonly #heartbeat: Heartbeat;
  readonly #outcomes: OutcomeLog;
  #queueConsumers: readonly QueueConsumer[] = [];
  #consumers: readonly Consumer[] = [];
  #endCapture: () => void = () => undefined;
  #endWatch: () => void = () => undefined;
  #stopping: Promise<void> | undefined;
  readonly #ended = new AbortController();

  constructor(options: WorkerRuntimeOptions) {
    this.#options = options;
    this.#hushed = hushed(options.logger, options.engine);
    this.id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
    this.#serverClock = new ServerClock(options.clock);
    this.#outcomes = new OutcomeLog(options.logger, options.clock, () => this.#serverClock.now());
    this.#heartbeat = new Heartbeat({
      id: this.id,
      engine: options.engine,
      registry: options.registry,
      queues: options.queues,
      concurrency: options.concurrency,
      limit: options.limit,
      clock: options.clock,
      serverClock: this.#serverClock,
      logger: this.#hushed,
      running: () => this.running,
    });
  }

  /** The ids of the runs being executed here. */
  get running(): string[] {
    return this.active.map((run) => run.runId);
  }

  /** The id of the active run that is executing the caller's code. */
  runAround(): string | undefined {
    const around = currentRun()?.active;
    return this.active.find((run) => run === around)?.runId;
  }

  /** The runs being executed here. */
  get active(): readonly ActiveRun[] {
    return this.#queueConsumers.flatMap(({ active }) => [...active.values()]);
  }

  async start(): Promise<void> {
    refuseRunProcess();
    const { engine, registry, clock, queues, concurrency, lockMs, stalledCheckMs, limit } =
      this.#options;
    this.#queueConsumers = await Promise.all(queues.map((queue) => this.#queueConsumer(queue)));
    const sentAt = clock.now();
    const startedAt = await engine.now();
    this.#serverClock.observe(startedAt, sentAt);
    await this.#heartbeat.start(startedAt);
    await engine.events.append([{ name: "WORKER_STARTED", at: startedAt, worker: this.id }]);
    // Stopping a worker while it starts does not wait for an unreachable server.
    if (this.#stopping) {
      this.#heartbeat.stop();
      throw new CronduitError("INVALID_STATE", "start: the worker was stopped while it started.");
    }
    this.#endWatch = watchStrays();
    if (this.#options.captureConsole) this.#endCapture = captureConsole();
    this.#consumers = this.#queueConsumers.map((consumer) =>
      consumer.engine.queue.consume({
        concurrency,
        lockMs,
        stalledCheckMs,
        limit,
        taker: { worker: this.id, pipelines: registry.names() },
        handle: (queueJob) => this.#handle(consumer, queueJob),
        onError: errorSink(this.#hushed, "worker", this.#options.clock),
      }),
    );
  }

  async #queueConsumer(queue: string): Promise<QueueConsumer> {
    const { engine: fleet, redact, captureConsole: capturesConsole, ...options } = this.#options;
    const engine = queue === DEFAULT_QUEUE ? fleet : await fleet.serve?.(queue);
    if (!engine) throw new CronduitError("INTERNAL", `${fleet.label} has no queue "${queue}"`);
    return new QueueConsumer({
      ...options,
      engine,
      hushed: this.#hushed,
      serverClock: this.#serverClock,
      outcomes: this.#outcomes,
      redaction: createRedaction(redact ?? []),
      capturesConsole: capturesConsole ?? false,
      worker: this.id,
    });
  }

  /**
   * Takes no more runs and waits for those being executed, as long as `ending` allows. Then it aborts their signals, and hands
   * what has not ended shortly after back to other workers. Calling it again waits for the same end.
   */
  stop(ending: Ending): Promise<void> {
    this.#stopping ??= this.#stop(ending);
    return this.#stopping;
  }

  async #stop(ending: Ending): Promise<void> {
    const { logger } = this.#options;
    if (this.#consumers.length > 0) await this.#endRuns(ending);
    this.vanish();
    const left = ending.before(
      CLOSE_MS,
      this.#sayGoodbye().then(() => true),
    );
    if (!(await left)) logger.warn("the worker's end could not be recorded in time");
  }

  /** Ends everything here without a word to anybody, as if the process were killed. For tests. */
  vanish(): void {
    this.#ended.abort();
    for (const run of this.active) run.onVanish();
    this.#endCapture();
    this.#endWatch();
    this.#heartbeat.stop();
    for (const { cancels } of this.#queueConsumers) cancels.stop();
  }

  async #endRuns(ending: Ending): Promise<void> {
    const { clock, logger } = this.#options;
    const consumers = this.#consumers;
    const stopped = Promise.all(consumers.map((consumer) => consumer.stop())).then(() => true);
    const isStopped = await ending.patiently(stopped);
    // Nothing more starts by itself, and what is left is not worth a longer wait.
    ending.hurry();
    if (isStopped) return;
    for (const run of this.active) run.abort("shutdown", "the worker is shutting down");
    if (await within(clock, STOP_GRACE_MS, stopped)) return;
    const runs = this.running;
    if (runs.length > 0)
      logger.warn("runs did not end when told to; they are handed back", { runs });
    const handBacks = this.#queueConsumers.flatMap(({ engine: own, active }) =>
      [...active.values()].map(({ hold }) => own.runs.handBack(hold)),
    );
    const reserveMs = CLOSE_MS + GOODBYE_MS;
    await ending.before(reserveMs + GOODBYE_MS, Promise.allSettled(handBacks));
    const leftMs = Math.max(0, ending.leftMs - reserveMs);
    await Promise.all(consumers.map((consumer) => consumer.abandon(leftMs)));
  }

  async #sayGoodbye(): Promise<void> {
    const { engine } = this.#options;
    await Promise.all(this.#queueConsumers.map(({ logs }) => logs.close()));
    try {
      await engine.members.forget(this.id);
      await engine.events.append([
        { name: "WORKER_STOPPED", at: this.#serverClock.now(), worker: this.id },
      ]);
    } catch (error) {
      this.#hushed.warn("the worker's end could not be recorded", { error });
    }
  }

  async #handle(consumer: QueueConsumer, queueJob: TakenQueueJob): Promise<QueueJobOutcome> {
    const id = parseQueueJobId(queueJob.id);
    if (!id) return "done";
    if (queueJob.begun) return this.#goOn(consumer, queueJob, id, queueJob.begun);
    const known = await consumer.definitions.get(
      id.jobId,
      id.kind === "occurrence" ? { generation: id.sequence } : {},
    );
    // Without its job a queue job is void, or its run is to be ended: any worker can do that.
    if (known && !this.#options.registry.has(known.definition.pipeline)) {
      return { againInMs: this.#unknownDelay(known.definition.pipeline, queueJob.takes) };
    }
    const admission = await consumer.admissions.decide(queueJob, id, known);
    if (admission.outcome === "early") return { againInMs: admission.waitMs };
    if (admission.outcome === "behind") return { againInMs: BUSY_JOB_MS };
    if (admission.outcome !== "run") return "done";
    const job = await consumer.definitions.get(id.jobId, { revision: admission.revision });
    return this.#perform(consumer, queueJob, admission.run, id.jobId, job ?? known);
  }

  /** Performs a run that began when its queue job was taken, after telling the schedule how it continues. */
  async #goOn(
    consumer: QueueConsumer,
    queueJob: TakenQueueJob,
    { jobId, sequence }: QueueJobId,
    begun: BegunRun,
  ): Promise<QueueJobOutcome> {
    const { run, revision } = begun;
    // Retried as long as possible: a run that began and is not executed counts as a crash.
    const job = await retryWhileLocked(this.#options.clock, queueJob, () =>
      consumer.definitions.get(jobId, { revision }),
    );
    begun.goesOn(job?.generation === sequence ? job.schedule.ahead(run.fireAt)[1] : undefined);
    return this.#perform(consumer, queueJob, run, jobId, job);
  }

  async #perform(
    consumer: QueueConsumer,
    queueJob: TakenQueueJob,
    run: AdmittedRun,
    jobId: string,
    job: KnownJob | undefined,
  ): Promise<QueueJobOutcome> {
    const { runId, start } = run;
    const hold: RunHold = { jobId, queueJobId: queueJob.id, runId, start };
    if (!job) {
      await settleRemoved(consumer.engine, hold, this.id);
      return "done";
    }
    const descriptor = this.#options.registry.get(job.definition.pipeline);
    if (!descriptor) {
      // The job was given another pipeline between reading it and the admission.
      await consumer.engine.runs.handBack(hold);
      return { againInMs: this.#unknownDelay(job.definition.pipeline, queueJob.takes) };
    }
    if (queueJob.signal.aborted) {
      // Its lock ended while we asked the server: another worker may have the run, and nothing of it was executed here.
      await retryWhileLocked(this.#options.clock, this.#ended, () =>
        consumer.engine.runs.handBack(hold),
      );
      return "done";
    }
    const { clock } = this.#options;
    const active = new ActiveRun({ queueJob, run, hold, job, descriptor, clock });
    const onLockLost = (): void => {
      active.abort("lock-lost", "the run's lock was lost");
      void this.#sayAlive(consumer, hold);
    };
    queueJob.signal.addEventListener("abort", onLockLost, { once: true });
    consumer.active.set(queueJob.id, active);
    consumer.cancels.watch();
    try {
      return await consumer.performer.perform(active);
    } finally {
      queueJob.signal.removeEventListener("abort", onLockLost);
      consumer.active.delete(queueJob.id);
    }
  }

  /** Reports, as soon as the server answers, that a run whose lock was lost did not crash: its process lives. */
  async #sayAlive({ engine }: QueueConsumer, hold: RunHold): Promise<void> {
    const { clock } = this.#options;
    try {
      await retryWhileLocked(clock, this.#ended, () => engine.runs.noteAlive(hold));
    } catch (error) {
      if (!this.#ended.signal.aborted)
        this.#hushed.warn("that a lost run did not crash could not be told", {
          runId: hold.runId,
          error,
        });
    }
  }

  /**
   * When a queue job of a pipeline that is unknown here becomes due again for others: soon if some worker of the fleet can run
   * it, and later each time if none can.
   */
  #unknownDelay(pipeline: string, takes: number): number {
    if (this.#heartbeat.isKnownInFleet(pipeline)) return UNKNOWN_FIRST_MS;
    return Math.min(UNKNOWN_FIRST_MS * 2 ** Math.min(takes - 1, 10), UNKNOWN_MOST_MS);
  }
}
