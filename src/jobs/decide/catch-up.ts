import type { EpochMs } from "../../core/clock.ts";
import type { Occurrence, Span } from "../schedule.ts";
import { isLate } from "./lateness.ts";
import type { JobRules } from "./state.ts";

/** Occurrences that share a decision, as one: `fireAt` and `dueAt` are those of the latest. */
export interface Together extends Occurrence {
  readonly fromAt: EpochMs;
  readonly count: number;
}

/** A single occurrence as {@link Together}. */
export function alone({ fireAt, dueAt }: Occurrence): Together {
  return { fromAt: fireAt, fireAt, dueAt, count: 1 };
}

/** A span as {@link Together}. */
export function ofSpan({ fromAt, toAt, count, dueAt = toAt }: Span): Together {
  return { fromAt, fireAt: toAt, dueAt, count };
}

/** With `coalesce`: what was due becomes one, judged by its latest occurrence. `before` is coalesced into it. */
export function together(
  due: readonly [Occurrence, ...Occurrence[]],
  older: Span | undefined,
): { readonly all: Together; readonly before: Together | undefined } {
  const latest = due.at(-1) ?? due[0];
  const fromAt = older?.fromAt ?? due[0].fireAt;
  const count = due.length + (older?.count ?? 0);
  const previous = due.length > 1 ? due.at(-2) : older && ofSpan(older);
  return {
    all: { ...latest, fromAt, count },
    before: previous && {
      fireAt: previous.fireAt,
      dueAt: previous.dueAt,
      fromAt,
      count: count - 1,
    },
  };
}

/** Without `coalesce`: each on its own. Those beyond the latest `maxCatchUp` are missed, and those that are too late. */
export function eachAlone(
  rules: Pick<JobRules, "maxCatchUp" | "graceMs">,
  due: readonly Occurrence[],
  now: EpochMs,
): { readonly missed: Occurrence[]; readonly runs: Occurrence[] } {
  const missed: Occurrence[] = [];
  const runs: Occurrence[] = [];
  for (const [i, one] of due.entries()) {
    const isBeyond = due.length - 1 - i >= rules.maxCatchUp;
    (isBeyond || isLate(rules, one.dueAt, now) ? missed : runs).push(one);
  }
  return { missed, runs };
}

/** The latest occurrences that share a verdict are recorded singly, older ones as one span. */
export const MAX_SINGLE = 100;

/** Divides neighbours that share a verdict, oldest first, into a span and the latest {@link MAX_SINGLE}. */
export function spanAndSingles<T extends Occurrence>(
  list: readonly T[],
  older: Span | undefined,
): { readonly span: Together | undefined; readonly last: T | undefined; readonly singles: T[] } {
  const cut = Math.max(0, list.length - MAX_SINGLE);
  const last = list[cut - 1];
  const singles = list.slice(cut);
  if (!last) return { span: older && ofSpan(older), last, singles };
  const fromAt = older?.fromAt ?? list[0]?.fireAt ?? last.fireAt;
  return {
    span: { fireAt: last.fireAt, dueAt: last.dueAt, fromAt, count: (older?.count ?? 0) + cut },
    last,
    singles,
  };
}
