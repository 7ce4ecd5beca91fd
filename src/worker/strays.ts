import { nextTurn } from "../core/clock.ts";
import { SleepSignal } from "../execution/sleep-signal.ts";
import { currentRun } from "./run-scope.ts";

let users = 0;

/**
 * From now on an unhandled rejection fails the run that made the promise, instead of ending the process with all other runs.
 * A promise of no run does what it would have done. Returns a function that ends this.
 */
export function watchStrays(): () => void {
  users += 1;
  if (users === 1) process.on("unhandledRejection", react);
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    users -= 1;
    if (users === 0) process.off("unhandledRejection", react);
  };
}

/** Node calls this in the async context of the promise, as far as it knows it. */
function react(error: unknown): void {
  const scope = currentRun();
  if (!scope) {
    passOn(error);
    return;
  }
  // Leaving a run by `sleep`, and stopping because one was told to, are not failures.
  if (error instanceof SleepSignal || error === scope.active.error) return;
  if (!scope.active.fail(error)) scope.onLate(error);
}

/** Lets Node do what it does without a listener: by default it ends the process, with the error's own stack. */
function passOn(error: unknown): void {
  if (process.listenerCount("unhandledRejection") > 1) return;
  process.off("unhandledRejection", react);
  void rejectedWith(error);
  void listenAgain();
}

/** If Node was told to continue after such a rejection, so do we. */
async function listenAgain(): Promise<void> {
  await nextTurn();
  if (users > 0) process.on("unhandledRejection", react);
}

async function rejectedWith(error: unknown): Promise<never> {
  throw error;
}
