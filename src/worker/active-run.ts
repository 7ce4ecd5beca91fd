import type { Clock } from "../core/clock.ts";
import { CronduitError, type ErrorCode } from "../core/errors.ts";
import { manyListeners } from "../core/many-listeners.ts";
import type { AdmittedRun, RunHold } from "../engine/port/engine.ts";
import { ABORT_GRACE_MS } from "../execution/attempt-host.ts";

/** Why an attempt was told to stop. */
export type AbortCause = "lock-lost" | "shutdown" | "timed-out" | "cancelled" | "stray";

const CODES: Readonly<Record<Exclude<AbortCause, "stray">, ErrorCode>> = {
  "lock-lost": "RUN_ABORTED",
  shutdown: "RUN_ABORTED",
  "timed-out": "RUN_TIMED_OUT",
  cancelled: "RUN_CANCELLED",
};

/** What an {@link ActiveRun} is made of. */
export interface ActiveRunParts {
  readonly runId: string;
  readonly hold: RunHold;
  readonly lock: string | undefined;
  readonly holder: { readonly signal: AbortSignal };
  readonly begun: AdmittedRun | undefined;
  readonly clock: Clock;
}

/** An attempt that is being executed here, and the end that it may be brought to. */
export class ActiveRun {
  readonly runId: string;
  readonly hold: RunHold;
  /** The queue job's lock, if it can end with the run. */
  readonly lock: string | undefined;
  /** Its signal fires when the lock is lost, whatever else the run was told before. */
  readonly holder: { readonly signal: AbortSignal };
  /** As {@link SettleRequest.begun}. */
  readonly begun: AdmittedRun | undefined;
  /** On this process's monotonic clock. */
  readonly since: number;
  readonly #clock: Clock;
  #controller: AbortController | undefined;
  #abortion: { readonly cause: AbortCause; readonly error: unknown } | undefined;
  /** Whether its attempt has ended: what it left behind changes nothing any more. */
  hasEnded = false;
  /** Called when the attempt was told to stop and has had its time to do so. */
  onGiveUp: () => void = () => undefined;

  constructor({ runId, hold, lock, holder, begun, clock }: ActiveRunParts) {
    this.runId = runId;
    this.hold = hold;
    this.lock = lock;
    this.holder = holder;
    this.begun = begun;
    this.since = clock.elapsed();
    this.#clock = clock;
  }

  // Made when it is asked for: it costs more than all else that is made for a run.
  get signal(): AbortSignal {
    this.#controller ??= manyListeners();
    if (this.#abortion) this.#controller.abort(this.#abortion.error);
    return this.#controller.signal;
  }

  get cause(): AbortCause | undefined {
    return this.#abortion?.cause;
  }

  /** What the signal was aborted with. */
  get error(): unknown {
    return this.#abortion?.error;
  }

  /** Tells the attempt to stop; only the first cause counts. */
  abort(cause: Exclude<AbortCause, "stray">, message: string): void {
    if (this.#abortion) return;
    this.#end(cause, new CronduitError(CODES[cause], message, { data: { runId: this.runId } }));
  }

  /** Something that it left unattended failed, and so has the attempt. @returns Whether that is why it ends. */
  fail(error: unknown): boolean {
    if (this.hasEnded || this.#abortion) return false;
    this.#end("stray", error);
    return true;
  }

  #end(cause: AbortCause, error: unknown): void {
    this.#abortion = { cause, error };
    // Shutdown has a time limit of its own; and whoever lost its lock has nothing to record.
    if (cause !== "shutdown" && cause !== "lock-lost")
      this.#clock.after(ABORT_GRACE_MS, () => this.onGiveUp());
    this.#controller?.abort(error);
  }
}
