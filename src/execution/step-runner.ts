import { AsyncLocalStorage } from "node:async_hooks";
import { nextTurn, sleep as pause, type EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import { MAX_STEPS, RESERVED_STEP, type StepRecord } from "../engine/port/steps.ts";
import { copyJson, type JsonValue } from "../pipeline/json.ts";
import { describeError } from "../pipeline/outcome.ts";
import type { RunContext, SleepOptions, StepOptions, StepTry } from "../pipeline/run-context.ts";
import { parseInstant } from "../triggers/time/parse-instant.ts";
import type { AttemptHost, AttemptInfo } from "./attempt-host.ts";
import { SleepSignal } from "./sleep-signal.ts";
import {
  checkStepName,
  invalidStep,
  readSleepDuration,
  readSleepOptions,
  readStepOptions,
} from "./step-options.ts";
import { tryStep } from "./step-tries.ts";

/** Upper bound of a step's result as JSON, in bytes of UTF-8. */
export const MAX_STEP_BYTES = 256 * 1024;
const MAX_DEPTH = 64;
/** A shorter sleep isn't worth releasing the worker. */
const SHORT_MS = 2_000;
/** The rest of a longer sleep may be shorter than that once everything else has ended. */
const ALMOST_OVER_MS = 1_000;

/** The step in which the current code runs. */
const stepAround = new AsyncLocalStorage<{ readonly steps: RunSteps; readonly name: string }>();

/** The steps and sleeps of one attempt, with the results stored by the run's earlier starts. */
export class RunSteps {
  readonly #info: AttemptInfo;
  readonly #host: AttemptHost;
  readonly #used = new Set<string>();
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #wakeTimes = new Set<EpochMs>();
  #stored: Promise<ReadonlyMap<string, StepRecord>> | undefined;
  #waits = 0;
  #isOver = false;
  #goesOnAt: EpochMs | undefined;
  /** Called when the run goes to sleep, by throwing an error. */
  onSleep: () => void = () => undefined;

  constructor(info: AttemptInfo, host: AttemptHost) {
    this.#info = info;
    this.#host = host;
  }

  /** When the run continues, if it went to sleep. */
  get goesOnAt(): EpochMs | undefined {
    return this.#goesOnAt;
  }

  readonly step: RunContext["step"] = (name, work, options) =>
    this.#isClosed
      ? this.#refuse(`step "${name}"`)
      : harmless(this.#track(this.#step(name, work, options)));

  readonly sleep: RunContext["sleep"] = (duration, options) =>
    this.#isClosed
      ? this.#refuse("sleep")
      : harmless(this.#wait((now) => now + readSleepDuration(duration), options));

  readonly sleepUntil: RunContext["sleepUntil"] = (time, options) => {
    const { timezone } = this.#info;
    const until = (): EpochMs => parseInstant(time, timezone, "sleepUntil").instant;
    return this.#isClosed ? this.#refuse("sleepUntil") : harmless(this.#wait(until, options));
  };

  /** Starts no more steps, and waits for executing ones. */
  async finish(): Promise<void> {
    this.#isOver = true;
    while (this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight);
  }

  get #isClosed(): boolean {
    return this.#isOver || this.#goesOnAt !== undefined;
  }

  /** Code that keeps running after its run has ended or gone to sleep gets no further than this. */
  #refuse(what: string): Promise<never> {
    this.#host.log("warn", `${what} was asked for when its attempt was over; it goes no further`);
    return new Promise(() => undefined);
  }

  /** A sleep suspends the run once its steps have ended; a sleep inside a step would wait for itself. */
  #refuseInStep(): void {
    const around = stepAround.getStore();
    if (around?.steps !== this) return;
    throw invalidStep(
      `sleep was called inside step "${around.name}". Wait between steps, or by a timer of your own.`,
      around.name,
    );
  }

  #claim(name: string): void {
    if (this.#used.has(name))
      throw invalidStep(
        `Step "${name}" was asked for before in this attempt. In a loop, put what differs into its name.`,
        name,
      );
    this.#used.add(name);
  }

  async #track<T>(step: Promise<T>): Promise<T> {
    this.#inFlight.add(step);
    try {
      return await step;
    } finally {
      this.#inFlight.delete(step);
    }
  }

  async #step<T>(
    name: string,
    work: (current: StepTry) => T | PromiseLike<T>,
    options: StepOptions | undefined,
  ): Promise<T> {
    checkStepName(name);
    const settings = readStepOptions(name, options);
    this.#claim(name);
    const { clock, signal } = this.#host;
    signal.throwIfAborted();
    const earlier = (await this.#earlier()).get(name);
    if (earlier !== undefined && earlier.error === undefined)
      return parsed(earlier.resultJson) as T;
    const startedAt = this.#host.now();
    const seed = `${this.#info.runId} ${name}`;
    const end = await stepAround.run({ steps: this, name }, () =>
      tryStep({ name, work, settings, clock, signal, seed }),
    );
    const about = { name, kind: "step", startedAt, tries: end.tries } as const;
    if (!end.ok) return this.#fail(about, end.error);
    const result = plainJson(name, end.value);
    if (!result.ok) return this.#fail(about, result.error);
    await this.#save({ ...about, resultJson: result.json });
    return result.value as T;
  }

  async #fail(
    about: Pick<StepRecord, "name" | "kind" | "startedAt" | "tries">,
    error: unknown,
  ): Promise<never> {
    await this.#save({ ...about, error: describeError(error, this.#host.secrets) });
    throw error;
  }

  async #save(step: Omit<StepRecord, "attempt" | "finishedAt"> & { finishedAt?: EpochMs }) {
    const saved = await this.#host.saveStep({
      finishedAt: this.#host.now(),
      ...step,
      attempt: this.#info.attempt,
    });
    if (saved === "saved") return;
    if (saved === "fenced")
      throw new CronduitError(
        "RUN_FENCED",
        `Step "${step.name}" was not stored: another worker has the run by now.`,
        { data: { step: step.name, runId: this.#info.runId } },
      );
    throw invalidStep(
      `Step "${step.name}" is one too many: a run may have ${MAX_STEPS}. Do more in one step.`,
      step.name,
    );
  }

  #earlier(): Promise<ReadonlyMap<string, StepRecord>> {
    this.#stored ??=
      this.#info.start > 1
        ? this.#host.readSteps().then((steps) => new Map(steps.map((step) => [step.name, step])))
        : Promise.resolve(new Map<string, StepRecord>());
    return this.#stored;
  }

  async #wait(until: (now: EpochMs) => EpochMs, options: SleepOptions | undefined): Promise<void> {
    const given = readSleepOptions(options);
    this.#refuseInStep();
    const startedAt = this.#host.now();
    const wanted = until(startedAt);
    this.#waits += 1;
    const name = `${RESERVED_STEP}sleep:${given ?? this.#waits}`;
    this.#claim(name);
    const { clock, signal } = this.#host;
    signal.throwIfAborted();
    const earlier = (await this.#earlier()).get(name);
    const wakeAt = earlier?.finishedAt ?? wanted;
    if (wakeAt - startedAt >= SHORT_MS) {
      if (earlier === undefined)
        await this.#save({ name, kind: "sleep", startedAt, finishedAt: wakeAt, tries: 1 });
      if (this.#host.staysAwake !== true) await this.#letGo(wakeAt);
    }
    const leftMs = wakeAt - this.#host.now();
    if (leftMs > 0) await this.#track(pause(clock, leftMs, signal));
    signal.throwIfAborted();
  }

  /** Suspends the run, unless concurrent steps take as long as the sleep. */
  async #letGo(wakeAt: EpochMs): Promise<void> {
    this.#wakeTimes.add(wakeAt);
    for (;;) {
      await this.#untilQuiet();
      this.#host.signal.throwIfAborted();
      const now = this.#host.now();
      const next = Math.min(wakeAt, ...this.#wakeTimes);
      if (this.#goesOnAt === undefined && next - now < ALMOST_OVER_MS) {
        if (wakeAt - now >= ALMOST_OVER_MS) continue;
        this.#wakeTimes.delete(wakeAt);
        return;
      }
      if (this.#goesOnAt === undefined) {
        this.#goesOnAt = next;
        this.onSleep();
      }
      throw new SleepSignal();
    }
  }

  /** Resolves when no step has run for a whole turn of the event loop, or the attempt should stop. */
  async #untilQuiet(): Promise<void> {
    const { signal } = this.#host;
    do {
      while (this.#inFlight.size > 0 && !signal.aborted)
        await orAborted(signal, Promise.allSettled(this.#inFlight));
      await nextTurn();
    } while (this.#inFlight.size > 0 && !signal.aborted);
  }
}

/** An unawaited step must not end the whole process when it fails. */
function harmless<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Resolves with `work`, or immediately when `signal` aborts. */
function orAborted(signal: AbortSignal, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    signal.addEventListener("abort", done, { once: true });
    void work.finally(done);
  });
}

function parsed(json: string | undefined): unknown {
  return json === undefined ? undefined : (JSON.parse(json) as unknown);
}

type PlainJson =
  | { readonly ok: true; readonly value: JsonValue | undefined; readonly json: string | undefined }
  | { readonly ok: false; readonly error: CronduitError };

/** The result as later attempts will get it; returned now as well, so that nobody relies on what can't be stored. */
function plainJson(name: string, value: unknown): PlainJson {
  if (value === undefined) return { ok: true, value: undefined, json: undefined };
  const copy = copyJson(value, { maxBytes: MAX_STEP_BYTES, maxDepth: MAX_DEPTH });
  if (copy.ok) return copy;
  const { kind, path, problem } = copy.problem;
  const error =
    kind === "too-large"
      ? new CronduitError(
          "PAYLOAD_TOO_LARGE",
          `The result of step "${name}" is too large: its JSON ${problem}. Store the content elsewhere and return a reference to it.`,
          { data: { step: name, maxBytes: MAX_STEP_BYTES } },
        )
      : invalidStep(
          `The result of step "${name}" is not plain JSON: ${path === "" ? "the value" : path} ${problem}.`,
          name,
        );
  return { ok: false, error };
}
