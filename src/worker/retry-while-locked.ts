import { type Clock, sleep } from "../core/clock.ts";
import { isCronduitError } from "../core/errors.ts";

/** Between calls to an unreachable server. */
const RETRY_EVERY_MS = 500;

/**
 * Retries `call` while the server is unreachable, until the run's lock is lost, so that a short outage fails no run.
 * @param holder Its signal aborts when the lock is lost. Read only when needed.
 * @throws What `call` threw, if that is not `CONNECTION_FAILED` or the lock was lost.
 */
export async function retryWhileLocked<T>(
  clock: Clock,
  holder: { readonly signal: AbortSignal },
  call: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isCronduitError(error, "CONNECTION_FAILED") || holder.signal.aborted) throw error;
      await sleep(clock, RETRY_EVERY_MS, holder.signal);
    }
  }
}
