import type { Call } from "../../call.ts";
import { changeMany } from "./change-many.ts";

/** `cronduit job remove` */
export function run(call: Call, ids: readonly string[]): Promise<number> {
  const { note } = call.flags as { readonly note?: string };
  const own = { action: "remove" as const, ...(note !== undefined && { note }) };
  return changeMany(call, ids, own, { done: "removed" });
}
