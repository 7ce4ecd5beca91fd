/** Found again also when a program has loaded two copies of this package. */
const MARK = Symbol.for("cronduit.runProcess");

/** Notes that this process was started for one run. */
export function markRunProcess(): void {
  Object.defineProperty(globalThis, MARK, { value: true });
}

/** Whether this process was started for one run: whoever begins to schedule or to take runs in it did so by mistake. */
export function isRunProcess(): boolean {
  return Reflect.get(globalThis, MARK) === true;
}
