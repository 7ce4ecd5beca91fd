import { AsyncLocalStorage } from "node:async_hooks";
import type { ActiveRun } from "./active-run.ts";

/** The run that code in this process was started by, directly or by whatever it awaits. */
export interface RunScope {
  readonly active: ActiveRun;
  /** Where what it writes to the console goes too. */
  readonly output?: ((text: string) => void) | undefined;
  /** Told of what fails that it left behind, when it is over. */
  readonly onLate: (error: unknown) => void;
}

const current = new AsyncLocalStorage<RunScope>();

/** Calls `work`; it, and whatever follows from it, has this scope. */
export function withinRun<T>(scope: RunScope, work: () => T): T {
  return current.run(scope, work);
}

/** Whose code is being executed. The run may be over: what it left behind goes on. */
export function currentRun(): RunScope | undefined {
  return current.getStore();
}
