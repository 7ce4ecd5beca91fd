/** The middle of some values, and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** `undefined`: there is no value. Those that are `null` were not measured, and do not count. */
export function spreadOf(values: readonly (number | null)[]): Spread | undefined {
  const sorted = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  const [lowest, highest] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined) return undefined;
  if (lowest === undefined || highest === undefined) return undefined;
  return { median: (low + high) / 2, lowest, highest };
}

/** The value below which the part `q` of the values lies. @param sorted - In ascending order. */
export function quantile(sorted: ArrayLike<number>, q: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? null;
}
