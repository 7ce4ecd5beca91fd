import type { Clock } from "../core/clock.ts";
import { CronduitError, type ErrorCode } from "../core/errors.ts";
import { manyListeners } from "../core/many-listeners.ts";
import type { AdmittedRun, RunHold, TakenQueueJob } from "../engine/port/engine.ts";
import { ABORT_GRACE_MS } from "../execution/attempt-host.ts";
import type { PipelineDescriptor } from "../pipeline/pipeline-definition.ts";
import type { KnownJob } from "./definition-cache.ts";

/** Why an attempt was told to stop. */
export type AbortCause = "lock-lost" | "shutdown" | "timed-out" | "cancelled" | "stray";

const CODES: Readonly<Record<Exclude<AbortCause, "stray">, ErrorCode>> = {
  "lock-lost": "RUN_ABORTED",
  shutdown: "RUN_ABORTED",
  "timed-out": "RUN_TIMED_OUT",
  cancelled: "RUN_CANCELLED",
};

/** What an {@link ActiveRun} needs. */
export interface ActiveRunParts {
  readonly queueJob: TakenQueueJob;
  readonly run: AdmittedRun;
  readonly hold: RunHold;
  readonly job: KnownJob;
  readonly descriptor: PipelineDescriptor;
  readonly clock: Clock;
}

/** A taken queue job whose run is executing here, and its abortion. */
export class ActiveRun {
  /** Its signal aborts when the lock is lost, whatever else the run was told before. */
  readonly queueJob: TakenQueueJob;
  readonly run: AdmittedRun;
  readonly hold: RunHold;
  readonly job: KnownJob;
  readonly descriptor: PipelineDescriptor;
  /** On this process's monotonic clock. */
  readonly since: number;
  readonly #clock: Clock;
  #controller: AbortController | undefined;
  #abortion: { readonly cause: AbortCause; readonly error: unknown } | undefined;
  /** Whether its attempt has ended, so that leftovers no longer change anything. */
  hasEnded = false;
  /** Called when the attempt was told to stop and its time for that is over. */
  onGiveUp: () => void = () => undefined;
  /** Called when the worker ends without a word to anybody. */
  onVanish: () => void = () => undefined;

  constructor({ queueJob, run, hold, job, descriptor, clock }: ActiveRunParts) {
    this.queueJob = queueJob;
    this.run = run;
    this.hold = hold;
    this.job = job;
    this.descriptor = descriptor;
    this.since = clock.elapsed();
    this.#clock = clock;
  }

  get runId(): string {
    return this.hold.runId;
  }

  // Made on demand: it costs more than everything else that is made for a run.
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

  /** Fails the attempt because something that it left unattended failed. @returns Whether that is why it ends. */
  fail(error: unknown): boolean {
    if (this.hasEnded || this.#abortion) return false;
    this.#end("stray", error);
    return true;
  }

  #end(cause: AbortCause, error: unknown): void {
    this.#abortion = { cause, error };
    // Shutdown has its own time limit, and a run that lost its lock has nothing to record.
    if (cause !== "shutdown" && cause !== "lock-lost")
      this.#clock.after(ABORT_GRACE_MS, () => this.onGiveUp());
    this.#controller?.abort(error);
  }
}
