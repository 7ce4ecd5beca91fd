import type { EpochMs } from "../../core/clock.ts";
import type { LogFields } from "../../core/log.ts";
import { manyListeners } from "../../core/many-listeners.ts";
import type { LogLine, StepRecord } from "../../engine/port/engine.ts";
import { MAX_STEPS } from "../../engine/port/steps.ts";
import type { AttemptHost } from "../../execution/attempt-host.ts";
import { type RunStep, toStep } from "../../history/run-steps.ts";
import type { MockedSteps } from "./mocked-steps.ts";
import { SelfMovingClock } from "./self-moving-clock.ts";

/** How long real work may take before what bounds it fires. */
const PATIENCE_MS = 1_000;

/** What a run recorded through its context. */
export interface Recorded {
  /** The steps that ended, in that order; mocked ones too. */
  readonly steps: readonly RunStep[];
  /** The names in the option `steps` that the run did not ask for: misspelt ones, or steps that it no longer has. */
  readonly unusedMocks: readonly string[];
  /** Each `sleep` and `sleepUntil` that ended, with the times that the context's clock showed. */
  readonly sleeps: readonly { readonly from: Date; readonly until: Date }[];
  readonly logs: readonly {
    readonly level: LogLine["level"];
    readonly message: string;
    readonly fields: LogFields;
  }[];
  readonly progress: readonly { readonly fraction: number; readonly message: string | undefined }[];
}

/** Stands in for the worker: keeps in memory what it would store. */
export class RecordingHost implements AttemptHost {
  readonly clock: SelfMovingClock;
  readonly controller = manyListeners();
  readonly secrets = undefined;
  readonly staysAwake = true;
  readonly progress: { fraction: number; message: string | undefined }[] = [];
  readonly #mocked: MockedSteps;
  readonly #steps = new Map<string, StepRecord>();
  readonly #sleeps: { from: Date; until: Date }[] = [];
  readonly #logs: { level: LogLine["level"]; message: string; fields: LogFields }[] = [];

  constructor(now: EpochMs, mocked: MockedSteps) {
    this.#mocked = mocked;
    this.clock = new SelfMovingClock(now, PATIENCE_MS);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get recorded(): Recorded {
    const steps = this.#steps;
    const mocked = this.#mocked;
    return {
      get steps() {
        return [...steps.values()].filter(({ kind }) => kind === "step").map(toStep);
      },
      get unusedMocks() {
        return mocked.unused;
      },
      sleeps: this.#sleeps,
      logs: this.#logs,
      progress: this.progress,
    };
  }

  now(): EpochMs {
    return this.clock.now();
  }

  async readSteps(): Promise<readonly StepRecord[]> {
    return [...this.#steps.values()];
  }

  async saveStep(step: StepRecord): Promise<"saved" | "too-many"> {
    if (!this.#steps.has(step.name) && this.#steps.size >= MAX_STEPS) return "too-many";
    this.#steps.set(step.name, step);
    return "saved";
  }

  log(level: LogLine["level"], message: string, fields: LogFields = {}): void {
    this.#logs.push({ level, message, fields });
  }

  /** A sleep that is recorded when it is over. */
  recording<A extends unknown[]>(wait: (...args: A) => Promise<void>) {
    return async (...args: A): Promise<void> => {
      const from = new Date(this.now());
      await wait(...args);
      this.#sleeps.push({ from, until: new Date(this.now()) });
    };
  }
}
