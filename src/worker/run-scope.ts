import { AsyncLocalStorage } from "node:async_hooks";
import type { ActiveRun } from "./active-run.ts";

/** The run that started the current code, directly or through whatever it awaits. */
export interface RunScope {
  readonly active: ActiveRun;
  /** Also receives what it writes to the console. */
  readonly output?: ((text: string) => void) | undefined;
  /** Called with what it left behind and fails after its end. */
  readonly onLate: (error: unknown) => void;
}

const current = new AsyncLocalStorage<RunScope>();

/** Calls `work` within this scope, which covers everything that follows from it. */
export function withinRun<T>(scope: RunScope, work: () => T): T {
  return current.run(scope, work);
}

/** The run whose code is being executed. The run may be over, while work it started is still running. */
export function currentRun(): RunScope | undefined {
  return current.getStore();
}
