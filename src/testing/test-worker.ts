import type { Ending } from "../core/ending.ts";
import { MemoryConsumer } from "../engine/memory/memory-consumer.ts";
import type { Consumer } from "../engine/port/engine.ts";
import type { ActiveRun } from "../worker/active-run.ts";
import { WorkerRuntime, type WorkerRuntimeOptions } from "../worker/worker-runtime.ts";
import { Gate, gated } from "./gated-engine.ts";
import { VirtualClock, type VirtualTime } from "./virtual-time.ts";

/** How test workers are made. */
export interface TestWorkerOptions extends Omit<WorkerRuntimeOptions, "clock"> {
  readonly time: VirtualTime;
}

/** A worker as if in a process of its own: with its own clock, and it can be killed. */
class TestProcess {
  readonly clock: VirtualClock;
  readonly gate = new Gate();
  readonly runtime: WorkerRuntime;
  readonly #consumers: Consumer[] = [];
  readonly #killed = new AbortController();

  constructor({ time, engine, ...options }: TestWorkerOptions, skewMs: number) {
    this.clock = new VirtualClock(time, skewMs);
    this.runtime = new WorkerRuntime({
      ...options,
      engine: gated(engine, this.gate, (consumer) => this.#consumers.push(consumer)),
      clock: this.clock,
    });
  }

  /** Resolves when it has started, or was killed before that. */
  async start(): Promise<void> {
    const killed = new Promise<void>((resolve) => {
      this.#killed.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([this.runtime.start(), killed]);
  }

  kill(): void {
    this.gate.close();
    this.#killed.abort();
    for (const consumer of this.#consumers) if (consumer instanceof MemoryConsumer) consumer.kill();
    this.runtime.vanish();
    this.clock.end();
  }
}

/** The scheduler's own worker; another one takes its place when it is killed. */
export class TestWorker implements Pick<WorkerRuntime, "id" | "runAround" | "start" | "stop"> {
  readonly #options: TestWorkerOptions;
  #process: TestProcess;
  #skewMs = 0;
  /** Calls of the processes before. */
  #calls = 0;

  constructor(options: TestWorkerOptions) {
    this.#options = options;
    this.#process = new TestProcess(options, 0);
  }

  get id(): string {
    return this.#process.runtime.id;
  }

  /** The runs that are being executed; not those of a killed process. */
  get active(): readonly ActiveRun[] {
    return this.#process.gate.isClosed ? [] : this.#process.runtime.active;
  }

  /** Grows while it works. */
  get activity(): number {
    return this.#calls + this.#process.gate.calls;
  }

  runAround(): string | undefined {
    return this.#process.runtime.runAround();
  }

  start(): Promise<void> {
    return this.#process.start();
  }

  async stop(ending: Ending): Promise<void> {
    if (!this.#process.gate.isClosed) await this.#process.runtime.stop(ending);
  }

  /** Ends the process without a word. @returns the ids of the runs that it was executing */
  kill(): string[] {
    const { running } = this.#process.runtime;
    this.#process.kill();
    return running;
  }

  /** Starts a new process in the place of the killed one. */
  async restart(): Promise<void> {
    this.#calls += this.#process.gate.calls;
    this.#process = new TestProcess(this.#options, this.#skewMs);
    await this.#process.start();
  }

  /** Sets how far the worker's wall clock is ahead of the engine's. */
  skew(skewMs: number): void {
    this.#skewMs = skewMs;
    this.#process.clock.skewMs = skewMs;
  }
}
