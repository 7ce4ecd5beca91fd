import { type Clock, sleep } from "../../core/clock.ts";
import { isWorthRepeating } from "./database.ts";

const FIRST_DELAY_MS = 20;
const MOST_DELAY_MS = 1_000;

/**
 * Sends a call again for as long as it fails by a lost connection or a deadlock, as ioredis does by itself. Each call
 * of the engine may be sent twice: what it did the first time is seen, and answered alike or not done again.
 * @param onFailure Told of each try that failed.
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
