import { type Clock, sleep } from "../../core/clock.ts";
import { isWorthRepeating } from "./database.ts";

const FIRST_DELAY_MS = 20;
const MOST_DELAY_MS = 1_000;

/**
 * Retries a call while it fails because of a lost connection or a deadlock, as ioredis does by itself. Every call of the engine
 * may be sent twice: the second finds what the first did, and gives the same answer or does nothing.
 * @param onFailure Called for each failed try.
 */
export async function retryTransient<T>(
  clock: Clock,
  limitMs: number,
  work: () => Promise<T>,
  onFailure: (error: unknown) => void = () => undefined,
): Promise<T> {
  const until = clock.elapsed() + limitMs;
  for (let failures = 0; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      const delayMs =
        Math.min(FIRST_DELAY_MS * 2 ** failures, MOST_DELAY_MS) * (0.5 + Math.random() / 2);
      onFailure(error);
      if (!isWorthRepeating(error) || clock.elapsed() + delayMs >= until) throw error;
      await sleep(clock, delayMs);
    }
  }
}
