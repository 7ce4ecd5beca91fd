import { type CancelTimer, keepAlive, stayAlive } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import { onSignals } from "../worker/signals.ts";
import type { SchedulerParts } from "./assembly.ts";

/**
 * Starts and ends the parts of a scheduler, each once and in order. From the one to the other it keeps its process alive,
 * also while its server is away and no connection does.
 */
export class Lifecycle {
  readonly #parts: SchedulerParts;
  readonly #signals: readonly NodeJS.Signals[];
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #forgetSignals: () => void = () => undefined;
  #letProcessEnd: CancelTimer = () => undefined;

  constructor(parts: SchedulerParts, signals: readonly NodeJS.Signals[]) {
    this.#parts = parts;
    this.#signals = signals;
  }

  /** @throws {@link CronduitError} `INVALID_STATE` the second time. */
  async start(): Promise<void> {
    this.#refuseAfterShutdown("start");
    if (this.#starting)
      throw new CronduitError("INVALID_STATE", "start: this scheduler was started before.");
    // A server that is away now may be there the next time.
    this.#letProcessEnd = stayAlive();
    this.#starting = this.#start().catch((error: unknown) => {
      this.#starting = undefined;
      this.#letProcessEnd();
      throw error;
    });
    await this.#starting;
  }

  async #start(): Promise<void> {
    const { engine, bus, reconciler, worker } = this.#parts;
    await engine.open();
    await bus.start();
    await engine.appendEvents([{ name: "SCHEDULER_STARTED", at: await engine.now() }]);
    reconciler.start();
    await worker?.start();
    this.#forgetSignals = onSignals(this.#signals, () => this.stop(true));
  }

  /** Ends everything; the first call decides whether runs are waited for. */
  stop(isWaiting: boolean): Promise<void> {
    this.#stopping ??= keepAlive(this.#stop(isWaiting)).finally(() => this.#letProcessEnd());
    return this.#stopping;
  }

  async #stop(isWaiting: boolean): Promise<void> {
    const { engine, bus, reconciler, worker, clock } = this.#parts;
    this.#forgetSignals();
    if (this.#starting) {
      await this.#starting.catch(() => undefined);
      await worker?.stop(isWaiting ? Number.POSITIVE_INFINITY : 0);
      await reconciler.stop();
      const event = { name: "SCHEDULER_SHUTDOWN", at: clock.now() } as const;
      await engine.appendEvents([event]).catch(() => undefined);
    }
    await bus.stop();
    await engine.close();
  }

  /** Connects if need be. @throws {@link CronduitError} `INVALID_STATE` after shutdown, `CONNECTION_FAILED` */
  async ready(): Promise<void> {
    this.#refuseAfterShutdown("This call");
    await this.#parts.engine.open();
  }

  #refuseAfterShutdown(what: string): void {
    if (!this.#stopping) return;
    throw new CronduitError(
      "INVALID_STATE",
      `${what}: this scheduler was shut down. Make a new one.`,
    );
  }
}
