import type { RetryPolicy } from "../definition.ts";
import { stableHash } from "../../triggers/hash.ts";

/**
 * How long to wait before the next try. The random part derives from `seed` and the number of failures, so that every
 * computation gives the same delay.
 * @param failures Failed tries so far, 1 or more.
 */
export function retryDelay(
  { backoff, delayMs, maxDelayMs, jitter }: Omit<RetryPolicy, "attempts">,
  failures: number,
  seed: string,
): number {
  // Beyond 2^40 ms, any delay exceeds every bound.
  const factor = backoff === "fixed" ? 1 : 2 ** Math.min(failures - 1, 40);
  const fullMs = Math.min(delayMs * factor, maxDelayMs);
  if (jitter === 0) return fullMs;
  const random = stableHash(`${seed} ${failures}`) / 2 ** 32;
  return Math.round(fullMs * (1 - jitter * random));
}

/** Whether another attempt follows a failed one. @param failures Failed attempts so far, this one included. */
export function hasRetry(retry: Pick<RetryPolicy, "attempts"> | null, failures: number): boolean {
  return retry !== null && failures < retry.attempts;
}
