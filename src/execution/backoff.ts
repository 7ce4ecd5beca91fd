import type { RetryPolicy } from "../jobs/definition.ts";
import { stableHash } from "../triggers/hash.ts";

/**
 * How long to wait before the next try. The random part is made of `seed` and the number of failures, so that whoever
 * computes it, or computes it again, gets the same.
 * @param failures How many tries have failed, 1 or more.
 */
export function retryDelay(
  { backoff, delayMs, maxDelayMs, jitter }: Omit<RetryPolicy, "attempts">,
  failures: number,
  seed: string,
): number {
  // Beyond 2^40 ms every delay is longer than any bound.
  const factor = backoff === "fixed" ? 1 : 2 ** Math.min(failures - 1, 40);
  const fullMs = Math.min(delayMs * factor, maxDelayMs);
  if (jitter === 0) return fullMs;
  const random = stableHash(`${seed} ${failures}`) / 2 ** 32;
  return Math.round(fullMs * (1 - jitter * random));
}
