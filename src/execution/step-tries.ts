import { type Clock, sleep } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import { CronduitError } from "../core/errors.ts";
import { manyListeners } from "../core/many-listeners.ts";
import type { StepTry } from "../pipeline/run-context.ts";
import { ABORT_GRACE_MS } from "./attempt-host.ts";
import { retryDelay } from "../jobs/decide/retry-delay.ts";
import { isFinal } from "./retry-on.ts";
import type { StepSettings } from "./step-options.ts";

/** The outcome of a step's last try. */
export type TriesEnd = { readonly tries: number } & TryEnd;

type TryEnd =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

/** What a step's tries need. */
export interface Tries {
  readonly name: string;
  readonly work: (current: StepTry) => unknown;
  readonly settings: StepSettings;
  readonly clock: Clock;
  /** The run's signal. */
  readonly signal: AbortSignal;
  /** Seeds the random part of the delays. */
  readonly seed: string;
}

/** Calls a step's function until it succeeds or its tries are used up. Never throws. */
export async function tryStep(tries: Tries): Promise<TriesEnd> {
  const { settings, clock, signal, seed } = tries;
  for (let number = 1; ; number += 1) {
    const end = await tryOnce(tries, number);
    const isLast = settings.retry === undefined || number >= settings.retry.attempts;
    if (end.ok || isLast || isFinal(end.error)) return { ...end, tries: number };
    if (!signal.aborted) await sleep(clock, retryDelay(settings.retry, number, seed), signal);
    if (signal.aborted) return { ...end, tries: number };
  }
}

async function tryOnce({ name, work, settings, clock, signal }: Tries, number: number) {
  const controller = manyListeners();
  const onAbort = (): void => controller.abort(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  try {
    const working = call(work, { signal: controller.signal, number });
    const { timeoutMs } = settings;
    return await (timeoutMs === undefined
      ? working
      : inTime(working, { name, clock, controller, timeoutMs }));
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function call(work: Tries["work"], current: StepTry): Promise<TryEnd> {
  try {
    return { ok: true, value: await work(current) };
  } catch (error) {
    return { ok: false, error };
  }
}

interface Limit {
  readonly name: string;
  readonly clock: Clock;
  readonly controller: AbortController;
  readonly timeoutMs: number;
}

/** A try that was told to stop has failed, whatever it returns; one that doesn't stop is abandoned. */
function inTime(working: Promise<TryEnd>, limit: Limit): Promise<TryEnd> {
  const { name, clock, controller, timeoutMs } = limit;
  return new Promise((resolve) => {
    let timedOut: TryEnd | undefined;
    const onTimeout = (): void => {
      const error = new CronduitError(
        "STEP_TIMED_OUT",
        `Step "${name}" took longer than its timeout of ${formatDuration(timeoutMs)}.`,
        { data: { step: name, timeoutMs } },
      );
      const failed = { ok: false, error } as const;
      timedOut = failed;
      cancel = clock.after(ABORT_GRACE_MS, () => resolve(failed), "limit");
      controller.abort(error);
    };
    let cancel = clock.after(timeoutMs, onTimeout, "limit");
    const conclude = (end: TryEnd): void => {
      cancel();
      resolve(timedOut ?? end);
    };
    void working.then(conclude);
  });
}
