import { nextTurn } from "../core/clock.ts";
import { SleepSignal } from "../execution/sleep-signal.ts";
import { currentRun } from "./run-scope.ts";

let users = 0;

/**
 * From now on a promise that is rejected while nobody handles it fails the run that made it, instead of ending the process
 * and with it all other runs. What is of no run does what it would have done. Returns what ends it.
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
  // How `sleep` leaves a run, and how what was told to stop says so, are no failures.
  if (error instanceof SleepSignal || error === scope.active.error) return;
  if (!scope.active.fail(error)) scope.onLate(error);
}

/** Lets Node do what it does when nobody listens: by default it ends the process, with the error's own stack. */
function passOn(error: unknown): void {
  if (process.listenerCount("unhandledRejection") > 1) return;
  process.off("unhandledRejection", react);
  void rejectedWith(error);
  void listenAgain();
}

/** Where Node was told to go on after such a rejection, we do too. */
async function listenAgain(): Promise<void> {
  await nextTurn();
  if (users > 0) process.on("unhandledRejection", react);
}

async function rejectedWith(error: unknown): Promise<never> {
  throw error;
}
