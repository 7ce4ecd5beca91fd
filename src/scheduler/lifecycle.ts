import { type CancelTimer, stayAlive } from "../core/clock.ts";
import type { Ending } from "../core/ending.ts";
import { CronduitError } from "../core/errors.ts";
import { OneEnd } from "../worker/one-end.ts";
import { onSignals } from "../worker/signals.ts";
import type { SchedulerParts } from "./assembly.ts";
import { setFleetPaused } from "./fleet-pause.ts";
import { StartReminder } from "./start-reminder.ts";

/** Time reserved for closing the engine. */
const CLOSE_MS = 400;

/** Options of `shutdown`. */
export interface ShutdownOptions {
  /**
   * Wait for runs in this process, within the option `drain`. `false` aborts them and hands them to other workers
   * within five seconds, and cuts short a shutdown that is waiting. @default true
   */
  wait?: boolean | undefined;
}

/** Options of a {@link Lifecycle}. */
export interface LifecycleOptions {
  readonly signals: readonly NodeJS.Signals[];
  /** Upper bound of a shutdown that waits for runs. */
  readonly drainMs: number;
}

/**
 * Starts and stops a scheduler's parts, each once and in order. In between it keeps the process alive (unless the parts say
 * otherwise), even while the server is away and no connection does.
 */
export class Lifecycle {
  readonly #parts: SchedulerParts;
  readonly #signals: readonly NodeJS.Signals[];
  readonly #end: OneEnd;
  readonly #reminder: StartReminder;
  #starting: Promise<void> | undefined;
  #forgetSignals: () => void = () => undefined;
  #letProcessEnd: CancelTimer = () => undefined;

  constructor(parts: SchedulerParts, { signals, drainMs }: LifecycleOptions) {
    this.#parts = parts;
    this.#signals = signals;
    this.#reminder = new StartReminder(parts.clock, parts.logger);
    this.#end = new OneEnd({
      clock: parts.clock,
      logger: parts.logger,
      drainMs,
      what: "shutdown",
      runAround: () => parts.worker?.runAround(),
      end: (ending) => this.#stop(ending).finally(() => this.#letProcessEnd()),
    });
  }

  /**
   * @param isPausing Whether to pause the whole fleet before this process takes its first run.
   * @throws {@link CronduitError} `INVALID_STATE` the second time.
   */
  async start(isPausing = false): Promise<void> {
    this.#refuseAfterShutdown("start");
    if (this.#starting)
      throw new CronduitError("INVALID_STATE", "start: this scheduler was started before.");
    this.#reminder.forget();
    // A server that is unreachable now may answer next time.
    if (this.#parts.keepsProcess !== false) this.#letProcessEnd = stayAlive();
    this.#starting = this.#start(isPausing).catch((error: unknown) => {
      this.#starting = undefined;
      this.#letProcessEnd();
      throw error;
    });
    await this.#starting;
  }

  async #start(isPausing: boolean): Promise<void> {
    const { engine, bus, reconciler, worker, by } = this.#parts;
    await engine.open();
    this.#refuseAfterShutdown("start");
    await bus.start();
    await engine.events.append([{ name: "SCHEDULER_STARTED", at: await engine.now() }]);
    if (isPausing) await setFleetPaused(engine, true, by);
    this.#refuseAfterShutdown("start");
    reconciler.start();
    await worker?.start();
    this.#refuseAfterShutdown("start");
    this.#forgetSignals = onSignals(this.#signals, () => this.stop(true));
  }

  /** Stops everything. A call that doesn't wait for runs overrides one that does, whichever comes first. */
  stop(isWaiting: boolean): Promise<void> {
    this.#reminder.forget();
    return this.#end.call(isWaiting);
  }

  async #stop(ending: Ending): Promise<void> {
    const { engine, bus, feed, worker } = this.#parts;
    this.#forgetSignals();
    if (this.#starting) {
      const started = this.#starting.catch(() => undefined);
      await ending.before(CLOSE_MS, started);
      await worker?.stop(ending);
      ending.hurry();
      await ending.before(CLOSE_MS, this.#sayGoodbye());
    }
    await ending.before(CLOSE_MS, Promise.all([bus.stop(), feed.stop()]));
    await engine.close(ending.leftMs);
  }

  async #sayGoodbye(): Promise<void> {
    const { engine, reconciler, clock } = this.#parts;
    await reconciler.stop();
    const event = { name: "SCHEDULER_SHUTDOWN", at: clock.now() } as const;
    await engine.events.append([event]).catch(() => undefined);
  }

  /** Notes that jobs were added, which run only once something is started. */
  added(): void {
    this.#reminder.remind();
  }

  /** Connects if necessary. @throws {@link CronduitError} `INVALID_STATE` after shutdown, `CONNECTION_FAILED` */
  async ready(): Promise<void> {
    this.#refuseAfterShutdown();
    await this.#parts.engine.open();
  }

  #refuseAfterShutdown(what?: string): void {
    if (!this.#end.hasBegun) return;
    throw new CronduitError(
      "INVALID_STATE",
      `${what === undefined ? "This" : `${what}: this`} scheduler was shut down. Make a new one.`,
    );
  }
}
