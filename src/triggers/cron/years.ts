import { LAST_YEAR } from "../time/civil.ts";

/** Years from `from` to `to`, both inclusive, every `step`. A list of all years would take kilobytes. */
export type YearRange = readonly [from: number, to: number, step: number];

/** The first year from `from` on in the ranges, or one past the last. */
export function nextYear(ranges: readonly YearRange[], from: number): number {
  let best = LAST_YEAR + 1;
  for (const [start, end, step] of ranges) {
    const year = from <= start ? start : start + Math.ceil((from - start) / step) * step;
    if (year <= end && year < best) best = year;
  }
  return best;
}

/** The last year up to `to` in the ranges, or 0. */
export function prevYear(ranges: readonly YearRange[], to: number): number {
  let best = 0;
  for (const [start, end, step] of ranges) {
    const limit = Math.min(end, to);
    if (limit >= start) best = Math.max(best, start + Math.floor((limit - start) / step) * step);
  }
  return best;
}
