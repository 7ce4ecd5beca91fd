import { TriggerError } from "../../core/errors.ts";
import { parseDuration } from "../../core/durations.ts";
import { shown } from "../../core/shown.ts";
import type { ResolveContext } from "./context.ts";
import type { IntervalSpec } from "../spec.ts";
import { DAY_MS } from "../time/civil.ts";
import { bounds, rejectBeside, spanOf, text, zoneName, type Fields } from "./fields.ts";

const UNIT_MS = {
  weeks: 604_800_000,
  days: DAY_MS,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
};

/** Resolves an interval: sums its units and anchors it at its start, or one interval after now. */
export function resolveInterval(fields: Fields, context: ResolveContext): IntervalSpec {
  const every = text(fields, "every");
  const units = Object.entries(UNIT_MS).filter(([unit]) => fields[unit] !== undefined);
  if (every !== undefined && units[0] !== undefined) {
    rejectBeside(units[0][0], "every");
  }
  const summedMs = units.reduce((sum, [unit, ms]) => sum + Number(fields[unit]) * ms, 0);
  const everyMs = every === undefined ? Math.round(summedMs) : elapsedMs(every);
  if (everyMs < 1 || everyMs > 1e15) {
    const field = units[0]?.[0] ?? "every";
    const why =
      everyMs === 0
        ? "is an interval of length 0; give more than 0"
        : "is not a valid interval; allowed are 1 ms to about 30,000 years";
    const given = units.map(([unit]) => `${unit}: ${shown(fields[unit])}`);
    throw new TriggerError(`${given.join(", ") || `every: ${shown(every)}`} ${why}.`, {
      field,
      value: fields[field],
    });
  }
  const { startAt, endAt } = bounds(fields, context);
  const timezone = zoneName(fields, context);
  const anchorAt = startAt ?? context.now + everyMs;
  return {
    kind: "interval",
    timezone,
    everyMs,
    anchorAt,
    ...(endAt === undefined ? {} : { endAt }),
  };
}

/** `resolveTrigger` has already turned calendar lengths into a calendar interval. */
function elapsedMs(every: string): number {
  const span = spanOf(every, "every");
  return span.kind === "elapsed" ? parseDuration(span.text) : 0;
}
