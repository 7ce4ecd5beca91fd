import type { Call } from "../../call.ts";
import { changeMany } from "./change-many.ts";

/** `cronduit job pause` */
export function run(call: Call, ids: readonly string[]): Promise<number> {
  const { until, note } = call.flags as { readonly until?: string; readonly note?: string };
  const own = {
    action: "pause" as const,
    ...(until !== undefined && { until }),
    // The reason is what every occurrence that falls into the pause says.
    ...(note !== undefined && { reason: note, note }),
  };
  return changeMany(call, ids, own, { done: "paused", undo: "resume" });
}
