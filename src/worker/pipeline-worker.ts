import { type CancelTimer, stayAlive, systemClock } from "../core/clock.ts";
import type { Ending } from "../core/ending.ts";
import { lineLogger } from "../core/log.ts";
import { CronduitError } from "../core/errors.ts";
import type { Engine } from "../engine/port/engine.ts";
import { refuseForgotten } from "../engine/forgotten-connection.ts";
import { makeEngine } from "../engine/open-engine.ts";
import { parseOptions } from "../jobs/options.ts";
import { PipelineRegistry } from "../pipeline/registry.ts";
import { refuseRunProcess } from "../execution/run-process.ts";
import { endOptionsSchema, OneEnd } from "./one-end.ts";
import { onSignals } from "./signals.ts";
import {
  type PipelineWorkerOptions,
  refuseMemory,
  runtimeTuning,
  workerOptionsSchema,
} from "./worker-options.ts";
import { WorkerRuntime } from "./worker-runtime.ts";

/** The part of the end reserved for closing the engine. */
const CLOSE_MS = 400;

/** How {@link PipelineWorker.stop} ends. */
export interface StopOptions {
  /**
   * Wait for runs in this process, within the option `drain`. `false` aborts them and hands them to other workers,
   * within five seconds; it also cuts short a `stop()` that waits. @default true
   */
  wait?: boolean | undefined;
}

/**
 * Executes runs. Start as many as wanted, in any number of processes and machines; the rules of each job hold over
 * all of them.
 *
 * ```ts
 * const worker = new PipelineWorker({ connection: "redis://127.0.0.1", pipelines: [NightlyReport], concurrency: 50 });
 * await worker.start();
 * ```
 */
export class PipelineWorker implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #runtime: WorkerRuntime;
  readonly #end: OneEnd;
  readonly #signals: readonly NodeJS.Signals[];
  #starting: Promise<void> | undefined;
  #forgetSignals: () => void = () => undefined;
  #letProcessEnd: CancelTimer = () => undefined;

  /** @throws {@link CronduitError} `INVALID_OPTION`, `INVALID_PIPELINE` */
  constructor(input: PipelineWorkerOptions) {
    if (typeof input === "object" && (input as unknown) !== null && "connection" in input)
      refuseForgotten(input.connection, "new PipelineWorker");
    const options = parseOptions(workerOptionsSchema, input, "new PipelineWorker");
    refuseMemory(options.connection);
    const clock = options.clock ?? systemClock;
    const logger = options.logger ?? lineLogger("info");
    this.#signals = options.signals;
    this.#engine = makeEngine({
      connection: options.connection,
      prefix: options.prefix,
      clock,
      logger,
      timeoutMs: options.timeout,
      migrate: options.migrate,
    });
    this.#runtime = new WorkerRuntime({
      engine: this.#engine,
      registry: new PipelineRegistry(options.pipelines, "new PipelineWorker"),
      container: options.container,
      clock,
      logger,
      ...runtimeTuning(options),
    });
    this.#end = new OneEnd({
      clock,
      logger,
      drainMs: options.drain,
      what: "stop",
      runAround: () => this.#runtime.runAround(),
      end: (ending) => this.#stop(ending).finally(() => this.#letProcessEnd()),
    });
  }

  /** Names this worker in the ledger and in events. */
  get id(): string {
    return this.#runtime.id;
  }

  /** The ids of the runs being executed here. */
  get running(): readonly string[] {
    return this.#runtime.running;
  }

  /**
   * Connects and begins to take runs. Calling it again does nothing.
   * @throws {@link CronduitError} `CONNECTION_FAILED`; `INVALID_STATE` if it was stopped before.
   */
  start(): Promise<void> {
    // The server may be back at the next try.
    if (!this.#starting) {
      this.#letProcessEnd = stayAlive();
      this.#starting = this.#start().catch((error: unknown) => {
        this.#starting = undefined;
        this.#letProcessEnd();
        throw error;
      });
    }
    return this.#starting;
  }

  async #start(): Promise<void> {
    if (this.#end.hasBegun)
      throw new CronduitError("INVALID_STATE", "start: this worker was stopped. Make a new one.");
    refuseRunProcess();
    await this.#engine.open();
    await this.#runtime.start();
    this.#forgetSignals = onSignals(this.#signals, () => this.stop());
  }

  /**
   * Takes no more runs, waits for those here, aborts those left, and hands back what did not end; all within the
   * `drain` time, even if the server is gone. Safe to call twice, and before `start()`. Called inside a run of this worker,
   * it returns immediately and completes once that run has ended.
   * @throws {@link CronduitError} `INVALID_OPTION`; nothing is ended then.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    const { wait } = parseOptions(endOptionsSchema, options, "stop");
    await this.#end.call(wait);
  }

  async #stop(ending: Ending): Promise<void> {
    this.#forgetSignals();
    if (this.#starting) {
      const started = this.#starting.catch(() => undefined);
      await ending.before(CLOSE_MS, started);
      await this.#runtime.stop(ending);
    }
    await this.#engine.close(ending.leftMs);
  }

  /** Stops, so that `await using` works. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
