import { randomInt, randomUUID } from "node:crypto";
import { systemClock } from "../core/clock.ts";
import { CronduitError, JobLookupError } from "../core/errors.ts";
import { lineLogger } from "../core/log.ts";
import type { Engine, EngineHealth, WorkerRecord } from "../engine/engine.ts";
import { makeEngine } from "../engine/open-engine.ts";
import { EventBus, type EventHandler, type ListenerOptions } from "../events/event-bus.ts";
import { explain, type Explanation } from "../history/explain.ts";
import type { Run } from "../history/run.ts";
import { RunHistory, type RunPage, type RunQuery } from "../history/run-history.ts";
import { EVENT_ALL, EVENT_BITS, type EventName } from "../jobs/event.ts";
import { parseOptions } from "../jobs/options.ts";
import type { PipelineDescriptor } from "../pipeline/definition.ts";
import { validateParams } from "../pipeline/params.ts";
import type { Pipeline, PipelineClass } from "../pipeline/pipeline.ts";
import { PipelineRegistry } from "../pipeline/registry.ts";
import type { ParamsSchema } from "../pipeline/schema.ts";
import { parseInstant } from "../triggers/time/parse-instant.ts";
import { onSignals } from "../worker/signals.ts";
import { WorkerRuntime } from "../worker/worker-runtime.ts";
import type { AddJobOptions, ModifyJobOptions, RescheduleOptions } from "./add-job-options.ts";
import { checkJobId, declare } from "./declaration.ts";
import { type Job, toJob } from "./job.ts";
import { modifyPlan, pausePlan, resumePlan } from "./job-changes.ts";
import { type JobPage, type JobQuery, queryJobs } from "./job-query.ts";
import { JobStore } from "./job-store.ts";
import { Reconciler } from "./reconciler.ts";
import { type PipelineSchedulerOptions, schedulerOptionsSchema } from "./scheduler-options.ts";

/** A pipeline as `addJob` takes it: its class, an instance of it, or its registered name. */
export type PipelineReference<P extends ParamsSchema> = PipelineClass<P> | Pipeline<P> | string;

/** One of the jobs of `addJobs`. */
export interface JobToAdd {
  readonly pipeline: PipelineReference<ParamsSchema>;
  readonly options: AddJobOptions;
}

/** How `shutdown` ends. */
export interface ShutdownOptions {
  /** Wait for the runs in this process. `false` aborts them and hands them to other workers. @default true */
  wait?: boolean;
}

const MAX_SEQUENCE = 2 ** 47;

/**
 * Schedules pipelines. Any number of schedulers and workers on one server and prefix form one fleet: what one of them
 * adds, all of them see.
 *
 * Every method may be called before `start()`; jobs are stored at once, and run when some worker of the fleet does.
 */
export class PipelineScheduler implements AsyncDisposable {
  readonly #options: ReturnType<typeof schedulerOptionsSchema.parse>;
  readonly #engine: Engine;
  readonly #registry: PipelineRegistry;
  readonly #store: JobStore;
  readonly #history: RunHistory;
  readonly #bus: EventBus;
  readonly #reconciler: Reconciler;
  readonly #worker: WorkerRuntime | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #forgetSignals: () => void = () => undefined;

  /** @throws {@link CronduitError} `INVALID_OPTION`, `INVALID_PIPELINE` */
  constructor(input: PipelineSchedulerOptions) {
    const options = parseOptions(schedulerOptionsSchema, input, "new PipelineScheduler");
    const clock = options.clock ?? systemClock;
    const logger = options.logger ?? lineLogger("warn");
    const owner = randomUUID();
    this.#options = options;
    this.#engine = makeEngine({
      connection: options.connection,
      prefix: options.prefix,
      clock,
      logger,
      timeoutMs: options.timeout,
    });
    this.#registry = new PipelineRegistry(options.pipelines);
    this.#store = new JobStore(this.#engine);
    this.#history = new RunHistory(this.#engine);
    this.#worker =
      options.worker &&
      new WorkerRuntime({
        engine: this.#engine,
        registry: this.#registry,
        container: options.container,
        clock,
        logger,
        concurrency: options.worker.concurrency,
        lockMs: options.worker.lock,
        stalledCheckMs: options.worker.stalledCheck,
        maxCrashes: options.worker.maxCrashes,
      });
    this.#bus = new EventBus({
      engine: this.#engine,
      clock,
      logger,
      owner,
      localWorker: () => this.#worker?.id,
    });
    this.#reconciler = new Reconciler({
      engine: this.#engine,
      clock,
      logger,
      owner,
      everyMs: options.reconcile,
      overdueMs: options.overdue,
      finishedRetentionMs: options.finishedRetention,
    });
  }

  /**
   * Connects, begins to hear events and to watch over the fleet, and starts this process's worker.
   * @throws {@link CronduitError} `INVALID_STATE` if it was started or shut down before; `CONNECTION_FAILED`.
   */
  async start(): Promise<void> {
    if (this.#stopping)
      throw new CronduitError(
        "INVALID_STATE",
        "start: this scheduler was shut down. Make a new one.",
      );
    if (this.#starting)
      throw new CronduitError("INVALID_STATE", "start: this scheduler was started before.");
    this.#starting = this.#start();
    await this.#starting;
  }

  async #start(): Promise<void> {
    await this.#engine.open();
    await this.#bus.start();
    await this.#engine.appendEvents([{ name: "SCHEDULER_STARTED", at: await this.#engine.now() }]);
    this.#reconciler.start();
    await this.#worker?.start();
    this.#forgetSignals = onSignals(this.#options.signals, () => this.shutdown());
  }

  /** Ends this scheduler and its worker; the jobs stay. Safe to call twice, and before `start()`. */
  shutdown({ wait = true }: ShutdownOptions = {}): Promise<void> {
    this.#stopping ??= this.#shutdown(wait);
    return this.#stopping;
  }

  async #shutdown(wait: boolean): Promise<void> {
    this.#forgetSignals();
    if (this.#starting) {
      await this.#starting.catch(() => undefined);
      await this.#worker?.stop(wait ? Number.POSITIVE_INFINITY : 0);
      await this.#reconciler.stop();
      const event = { name: "SCHEDULER_SHUTDOWN", at: this.#now() } as const;
      await this.#engine.appendEvents([event]).catch(() => undefined);
    }
    await this.#bus.stop();
    await this.#engine.close();
  }

  /** Shuts down and waits for running pipelines, so that `await using` works. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  /**
   * Schedules a pipeline. Declaring a job again with equal options does nothing, whatever was changed by
   * `modifyJob` or `pauseJob` since.
   *
   * @param pipeline A class, an instance, or a registered name. Only the name and the params travel: workers build
   * the pipeline anew from their own registry for each run.
   * @throws {@link CronduitError} `CONFLICTING_ID` if a job of this id was declared otherwise and `replaceExisting` is
   * not set; `INVALID_OPTION`, `INVALID_TRIGGER`, `INVALID_TIMEZONE`, `INVALID_PARAMS`, `PAYLOAD_TOO_LARGE`,
   * `UNKNOWN_PIPELINE`, `CONNECTION_FAILED`. Nothing is stored then.
   */
  async addJob<P extends ParamsSchema = ParamsSchema>(
    pipeline: PipelineReference<P>,
    options: AddJobOptions<P>,
  ): Promise<Job> {
    const [id = ""] = await this.#add([{ pipeline, options }]);
    return toJob(await this.#store.get(id));
  }

  /**
   * Schedules many pipelines in few round trips. All are checked before any is stored.
   * @returns Their ids, in order.
   * @throws As {@link addJob}; on `CONFLICTING_ID` the other jobs are stored.
   */
  async addJobs(jobs: readonly JobToAdd[]): Promise<string[]> {
    return this.#add(jobs);
  }

  async #add(
    jobs: readonly {
      pipeline: PipelineReference<never> | PipelineReference<ParamsSchema>;
      options: unknown;
    }[],
  ): Promise<string[]> {
    const descriptors = jobs.map(({ pipeline }) => this.#describe(pipeline));
    await this.#ready();
    const context = { now: await this.#engine.now(), timezone: this.#options.timezone };
    const declarations = [];
    for (const [i, { options }] of jobs.entries()) {
      const descriptor = descriptors[i];
      if (descriptor) declarations.push(await declare(descriptor, options, context));
    }
    await this.#store.add(declarations);
    return declarations.map(({ definition }) => definition.id);
  }

  /** The job, or `undefined` if there is none of this id. */
  async getJob(jobId: string): Promise<Job | undefined> {
    const id = checkJobId(jobId, "getJob");
    await this.#ready();
    const [job] = await this.#engine.getJobs([id]);
    return job && toJob(job);
  }

  /** Jobs in the order of their next run, those without one last; a page at a time. */
  async getJobs(query: JobQuery = {}): Promise<JobPage> {
    await this.#ready();
    return queryJobs(this.#engine, query);
  }

  /**
   * Changes some of a job's rules, its params, or its trigger. A new trigger recomputes the next run; whether the job
   * is paused stays, unless `nextRunTime: null` pauses it.
   * @throws As {@link addJob}, and `JOB_NOT_FOUND`.
   */
  async modifyJob(jobId: string, changes: ModifyJobOptions): Promise<Job> {
    return this.#modify(jobId, changes, "modifyJob");
  }

  /** Gives a job another trigger and recomputes its next run; a paused job stays paused. @throws As {@link modifyJob} */
  async rescheduleJob(jobId: string, trigger: RescheduleOptions): Promise<Job> {
    return this.#modify(jobId, trigger, "rescheduleJob");
  }

  async #modify(jobId: string, changes: unknown, where: string): Promise<Job> {
    const id = checkJobId(jobId, where);
    await this.#ready();
    const changed = await this.#store.change(id, (job, now) =>
      modifyPlan(job, changes, this.#registry.get(job.definition.pipeline), {
        now,
        timezone: job.definition.timezone,
        where,
      }),
    );
    return toJob(changed);
  }

  /**
   * Stops a job's occurrences until `resumeJob`; running ones go on.
   * @param reason Kept with the job, up to 500 characters.
   * @throws {@link JobLookupError}; `INVALID_STATE` if the job is finished.
   */
  async pauseJob(jobId: string, reason?: string): Promise<Job> {
    const id = checkJobId(jobId, "pauseJob");
    if (reason !== undefined && (typeof reason !== "string" || reason.length > 500)) {
      throw new CronduitError(
        "INVALID_OPTION",
        "pauseJob: reason must be a text of up to 500 characters.",
        {
          data: { path: "reason" },
        },
      );
    }
    await this.#ready();
    return toJob(await this.#store.change(id, (job, now) => pausePlan(job, now, reason)));
  }

  /**
   * Lets a paused job go on from now: what fell in the pause is recorded as skipped and not run.
   * @throws {@link JobLookupError}; `INVALID_STATE` if the job is finished.
   */
  async resumeJob(jobId: string): Promise<Job> {
    const id = checkJobId(jobId, "resumeJob");
    await this.#ready();
    return toJob(await this.#store.change(id, (job, now) => resumePlan(job, now)));
  }

  /** Removes a job. Running runs finish and settle; its ledger stays as long as its retention says. @throws {@link JobLookupError} */
  async removeJob(jobId: string): Promise<void> {
    const id = checkJobId(jobId, "removeJob");
    await this.#ready();
    await this.#store.remove(id);
  }

  /** Removes every job of the fleet. @returns How many there were. */
  async removeAllJobs(): Promise<number> {
    await this.#ready();
    const removed = await this.#store.removeAll();
    await this.#engine.appendEvents([
      { name: "ALL_JOBS_REMOVED", at: await this.#engine.now(), count: removed },
    ]);
    return removed;
  }

  /**
   * Runs a job now, under its rules, and leaves its schedule alone; also if it is paused or finished.
   * @param options `params`: in place of the job's own.
   * @returns The id of the run, for `getRun`.
   * @throws {@link JobLookupError}, `INVALID_PARAMS`, `UNKNOWN_PIPELINE` if params are given for a pipeline that is not registered here.
   */
  async runJob(jobId: string, options: { params?: unknown } = {}): Promise<string> {
    const id = checkJobId(jobId, "runJob");
    await this.#ready();
    let params: unknown;
    if (options.params !== undefined) {
      const job = await this.#store.get(id);
      params = (await validateParams(this.#describe(job.definition.pipeline), options.params))
        .input;
    }
    const requested = await this.#engine.requestRun({
      jobId: id,
      sequence: randomInt(MAX_SEQUENCE),
      params,
    });
    if (requested === "missing") throw new JobLookupError(id);
    await this.#engine.enqueue([requested.wakeUp]);
    return requested.runId;
  }

  /**
   * Calls `handler` with every event of the fleet whose bit is in `mask`.
   * @param mask A sum of `EVENT_…` bits. Default: all.
   * @throws {@link CronduitError} `INVALID_OPTION`
   */
  addListener(
    handler: EventHandler,
    mask: number = EVENT_ALL,
    options: ListenerOptions = {},
  ): void {
    this.#bus.add(handler, mask, options);
  }

  /** Calls `handler` with every event of this name, e.g. `on("JOB_ERROR", …)`. @throws `INVALID_OPTION` */
  on(name: EventName, handler: EventHandler, options: ListenerOptions = {}): void {
    const bit = Object.hasOwn(EVENT_BITS, name) ? EVENT_BITS[name] : undefined;
    if (bit === undefined) {
      throw new CronduitError(
        "INVALID_OPTION",
        `on: there is no event "${String(name).slice(0, 50)}".`,
        { data: { path: "name" } },
      );
    }
    this.#bus.add(handler, bit, options);
  }

  /** Ends what `addListener` or `on` began; a handler that is unknown is ignored. */
  removeListener(handler: EventHandler): void {
    this.#bus.remove(handler);
  }

  /** Stops the whole fleet from starting runs, until `resume()`; running ones go on. */
  async pause(): Promise<void> {
    await this.#ready();
    await this.#engine.setPaused(true);
    await this.#engine.appendEvents([{ name: "SCHEDULER_PAUSED", at: await this.#engine.now() }]);
  }

  /** Lets the fleet go on. What was missed goes through `coalesce` and `misfireGraceTime`. */
  async resume(): Promise<void> {
    await this.#ready();
    await this.#engine.setPaused(false);
    await this.#engine.appendEvents([{ name: "SCHEDULER_RESUMED", at: await this.#engine.now() }]);
  }

  /** Whether the fleet is paused. */
  async isPaused(): Promise<boolean> {
    await this.#ready();
    return this.#engine.isPaused();
  }

  /** What became of a job's occurrences, the latest first; a page at a time. Also for jobs that were removed. */
  async getRuns(jobId: string, query: RunQuery = {}): Promise<RunPage> {
    const id = checkJobId(jobId, "getRuns");
    await this.#ready();
    return this.#history.page(id, query);
  }

  /** One run. @throws {@link CronduitError} `RUN_NOT_FOUND` */
  async getRun(runId: string): Promise<Run> {
    await this.#ready();
    return this.#history.get(runId);
  }

  /**
   * Says what happened to the occurrence of a job at one time, and why; or when it will be, or why there is none.
   * @param at Its nominal fire time: a `Date`, or text; without an offset in the job's zone.
   */
  async explain(jobId: string, at: Date | string | number): Promise<Explanation> {
    const id = checkJobId(jobId, "explain");
    await this.#ready();
    const [job] = await this.#engine.getJobs([id]);
    const zone = job?.definition.timezone ?? this.#options.timezone;
    return explain(this.#engine, id, parseInstant(at, zone, "at").instant);
  }

  /** The workers of the fleet that are alive. */
  async getWorkers(): Promise<WorkerRecord[]> {
    await this.#ready();
    return this.#engine.listWorkers();
  }

  /** Whether the server answers; never throws. For readiness checks. */
  health(): Promise<EngineHealth> {
    return this.#engine.health();
  }

  /** What this scheduler works on, e.g. `redis 7.0.15 at 127.0.0.1:6379`. */
  get engine(): string {
    return this.#engine.label;
  }

  async #ready(): Promise<void> {
    if (this.#stopping)
      throw new CronduitError("INVALID_STATE", "This scheduler was shut down. Make a new one.");
    await this.#engine.open();
  }

  #describe(
    reference: PipelineReference<never> | PipelineReference<ParamsSchema>,
  ): PipelineDescriptor {
    const name = this.#registry.nameOf(reference);
    return this.#registry.get(name) ?? this.#registry.register(reference as PipelineClass);
  }

  #now(): number {
    return (this.#options.clock ?? systemClock).now();
  }
}
