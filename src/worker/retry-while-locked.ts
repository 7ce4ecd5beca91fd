import { type Clock, sleep } from "../core/clock.ts";
import { isCronduitError } from "../core/errors.ts";

/** Between calls to a server that does not answer. */
const RETRY_EVERY_MS = 500;

/**
 * A server that is away for a moment fails no run: as long as its lock holds, it is asked again.
 * @param holder Its signal fires when the lock is lost. Looked at only where it is needed.
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
