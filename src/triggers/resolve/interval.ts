import { TriggerError } from "../../core/errors.ts";
import type { ResolveContext } from "./context.ts";
import type { IntervalSpec } from "../spec.ts";
import { DAY_MS } from "../time/civil.ts";
import { bounds, durationMs, text, zoneName, type Fields } from "./fields.ts";

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
    throw new TriggerError(`${units[0][0]}: may not stand beside "every".`, { field: units[0][0] });
  }
  const summedMs = units.reduce((sum, [unit, ms]) => sum + Number(fields[unit]) * ms, 0);
  // As in APScheduler: an interval without any length is one second.
  const defaultMs = units.length === 0 ? 1000 : Math.round(summedMs);
  const everyMs = every === undefined ? defaultMs : durationMs(every, "every");
  if (everyMs < 1 || everyMs > 1e15) {
    const field = units[0]?.[0] ?? "every";
    throw new TriggerError("An interval is at least 1 ms and at most about 30,000 years.", {
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
