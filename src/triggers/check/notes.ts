import { CRON_FIELDS } from "../cron/field-names.ts";
import type { TriggerLike, TriggerOptions } from "../trigger-options.ts";
import type { TriggerSpec } from "../spec.ts";
import type { CheckFinding } from "./finding.ts";

/** Notes on what the trigger's options contain but its spec doesn't. */
export function notesOn(trigger: TriggerSpec | TriggerOptions | TriggerLike): CheckFinding[] {
  const notes: CheckFinding[] = [];
  for (let at: unknown = trigger; typeof at === "object" && at !== null;) {
    const { trigger: inner, jitter, ...fields } = at as Record<string, unknown>;
    if (jitter !== undefined && jitter !== 0)
      notes.push({
        code: "jitter",
        words: "cron-parser has no jitter; the fire times were compared before applying it.",
      });
    for (const name of ["expression", ...CRON_FIELDS]) {
      const value = fields[name];
      if (typeof value !== "string" || !/(?:^|[\s,])h(?:[(/\s,]|$)/i.test(value)) continue;
      const words =
        "cron-parser picks other values for H; the comparison uses those of this job id.";
      notes.push({ code: "hash", field: name, value, words });
    }
    at = inner;
  }
  return notes;
}
