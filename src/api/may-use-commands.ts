import type { Caller } from "./caller.ts";

/** Says who may use pipelines whose params can execute code. @param allowed As the option `allowCommands`. */
export function mayUseCommands(allowed: readonly string[]): (caller: Caller) => boolean {
  const names = new Set(allowed);
  return ({ actor }) =>
    !("role" in actor) || names.has(`${actor.kind}:${actor.id}`) || names.has(`role:${actor.role}`);
}
