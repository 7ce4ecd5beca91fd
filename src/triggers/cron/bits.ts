/** Position of the lowest set bit; `bits` must not be 0. */
export function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** Position of the highest set bit; `bits` must not be 0. */
export function highestBit(bits: number): number {
  return 31 - Math.clz32(bits);
}

/** How many bits are set in a 32-bit integer. */
export function bitCount(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** A set of numbers from 0 to 59 in two integers of 30 bits: small, and searched without a loop. */
export interface Sixty {
  /** Bits of 0 to 29. */
  readonly low: number;
  /** Bits of 30 to 59. */
  readonly high: number;
}

/** The set of these numbers, each 0 to 59. */
export function sixty(values: Iterable<number>): Sixty {
  let low = 0;
  let high = 0;
  for (const value of values) {
    if (value < 30) low |= 1 << value;
    else high |= 1 << (value - 30);
  }
  return { low, high };
}

/** The smallest member that is at least `from` (0 to 60), or -1. */
export function atLeast(set: Sixty, from: number): number {
  if (from < 30) {
    const low = set.low & (-1 << from);
    if (low !== 0) return lowestBit(low);
    return set.high === 0 ? -1 : 30 + lowestBit(set.high);
  }
  if (from >= 60) return -1;
  const high = set.high & (-1 << (from - 30));
  return high === 0 ? -1 : 30 + lowestBit(high);
}

/** The largest member that is at most `to` (-1 to 59), or -1. */
export function atMost(set: Sixty, to: number): number {
  if (to >= 30) {
    const high = set.high & ((2 << (to - 30)) - 1);
    if (high !== 0) return 30 + highestBit(high);
    return set.low === 0 ? -1 : highestBit(set.low);
  }
  if (to < 0) return -1;
  const low = set.low & ((2 << to) - 1);
  return low === 0 ? -1 : highestBit(low);
}

/** Whether `value` (0 to 59) is a member. */
export function has(set: Sixty, value: number): boolean {
  return ((value < 30 ? set.low >>> value : set.high >>> (value - 30)) & 1) === 1;
}

/** How many members are below `limit` (0 to 60). */
export function countBelow(set: Sixty, limit: number): number {
  if (limit <= 30) return bitCount(set.low & ((1 << limit) - 1));
  return bitCount(set.low) + bitCount(set.high & ((1 << (limit - 30)) - 1));
}
