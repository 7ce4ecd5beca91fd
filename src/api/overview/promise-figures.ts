import type { Figures } from "../../history/figures.ts";

/** Promises that were decided. */
export interface PromiseFigures {
  readonly kept: number;
  readonly late: number;
  readonly excused: number;
  readonly broken: number;
}

/** What became of promises, by the verdicts of `promiseOf`; their sum is `due` of the figures. */
export function promisesOf(figures: Figures): PromiseFigures {
  const overlaps = figures.skippedBy["max-instances"] ?? 0;
  return {
    kept: figures.succeeded - figures.late,
    late: figures.late,
    excused: figures.cancelled + figures.coalesced + figures.skipped - overlaps,
    broken: figures.failed + figures.missed + overlaps,
  };
}
