import { CronduitError } from "../core/errors.ts";

/** Found again also when a program has loaded two copies of this package. */
const MARK = Symbol.for("cronduit.runProcess");

/** Notes that this process was started for one run. */
export function markRunProcess(): void {
  Object.defineProperty(globalThis, MARK, { value: true });
}

/**
 * To be called by whoever begins to take runs: in a process that was started for one run, that is a mistake.
 * @throws {@link CronduitError} `INVALID_STATE`
 */
export function refuseRunProcess(): void {
  if (Reflect.get(globalThis, MARK) !== true) return;
  throw new CronduitError(
    "INVALID_STATE",
    'A worker was started in the child process of a run. The module of a pipeline with isolate: "process" is imported there: let it do nothing else than define pipelines.',
  );
}
