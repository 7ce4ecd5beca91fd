import type { EpochMs } from "../core/clock.ts";
import type { IntervalSpec, TriggerSpec } from "./spec.ts";
import { LAST_INSTANT } from "./time/civil.ts";

/** The instants `at`, `at + every`, `at + 2 × every`, …, as integers of any size. */
interface Progression {
  readonly at: bigint;
  readonly every: bigint;
}

function isInterval(spec: TriggerSpec): spec is IntervalSpec {
  return spec.kind === "interval";
}

function modulo(n: bigint, m: bigint): bigint {
  return ((n % m) + m) % m;
}

/** The greatest common divisor `g` of `a` and `b`, and an `x` with `a × x ≡ g (mod b)`. */
function extendedGcd(a: bigint, b: bigint): { g: bigint; x: bigint } {
  let [g, rest, x, nextX] = [a, b, 1n, 0n];
  while (rest !== 0n) {
    const times = g / rest;
    [g, rest] = [rest, g - times * rest];
    [x, nextX] = [nextX, x - times * nextX];
  }
  return { g, x };
}

/** Where two progressions coincide (the Chinese remainder theorem); `undefined` if they never do. */
function intersect(a: Progression, b: Progression): Progression | undefined {
  const { g, x } = extendedGcd(a.every, b.every);
  const apart = b.at - a.at;
  if (apart % g !== 0n) return undefined;
  const steps = modulo((apart / g) * x, b.every / g);
  return { at: a.at + a.every * steps, every: (a.every / g) * b.every };
}

/**
 * The common fire times of several intervals, as one interval. Stepping through them instead would examine as many
 * candidates as the intervals are long.
 * @returns `null` if they never coincide; `undefined` if some trigger is not an interval.
 */
export function intersectIntervals(specs: readonly TriggerSpec[]): IntervalSpec | null | undefined {
  if (!specs.every(isInterval)) return undefined;
  const [first] = specs;
  if (!first) return undefined;
  let common: Progression | undefined = { at: 0n, every: 1n };
  for (const { anchorAt, everyMs } of specs) {
    common = common && intersect(common, { at: BigInt(anchorAt), every: BigInt(everyMs) });
  }
  if (!common) return null;
  const startAt = Math.max(...specs.map(({ anchorAt }) => anchorAt));
  const endAt = Math.min(...specs.map((spec) => spec.endAt ?? LAST_INSTANT));
  const anchorAt = firstFrom(common, startAt);
  if (anchorAt === undefined || anchorAt > endAt) return null;
  // There is no second fire time beyond the last instant, however long the interval is.
  const everyMs = common.every > BigInt(LAST_INSTANT) ? LAST_INSTANT : Number(common.every);
  return { kind: "interval", timezone: first.timezone, everyMs, anchorAt, endAt };
}

function firstFrom({ at, every }: Progression, start: EpochMs): EpochMs | undefined {
  const from = BigInt(start);
  const found = from + modulo(at - from, every);
  return found > BigInt(LAST_INSTANT) ? undefined : Number(found);
}
