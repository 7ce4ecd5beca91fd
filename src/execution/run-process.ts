import { CronduitError } from "../core/errors.ts";

/** A registered symbol, so that a second copy of this package finds it, too. */
const MARK = Symbol.for("cronduit.runProcess");

/** Marks this process as started for one run. */
export function markRunProcess(): void {
  Object.defineProperty(globalThis, MARK, { value: true });
}

/**
 * Refuses to take runs in a process that was started for one run: a mistake.
 * @throws {@link CronduitError} `INVALID_STATE`
 */
export function refuseRunProcess(): void {
  if (Reflect.get(globalThis, MARK) !== true) return;
  throw new CronduitError(
    "INVALID_STATE",
    'A worker was started in the child process of a run. The module of a pipeline with isolate: "process" is imported there: let it do nothing else than define pipelines.',
  );
}
