import type { Clock } from "./clock.ts";
import type { Logger } from "./log.ts";

/** How often the same message may be logged: an outage hits every connection, again and again. */
const LOGGED_EVERY_MS = 10_000;
/** Messages to remember. */
const MAX_MESSAGES = 100;

/** Logs errors as warnings: each message immediately, then at most every 10 s, with the number of repeats. */
export function errorSink(logger: Logger, name: string, clock: Clock): (error: unknown) => void {
  const logged = new Map<string, { readonly at: number; repeated: number }>();
  return (error) => {
    const text = error instanceof Error ? error.message : String(error);
    const last = logged.get(text);
    const at = clock.elapsed();
    if (last && at - last.at < LOGGED_EVERY_MS) {
      last.repeated += 1;
      return;
    }
    if (logged.size >= MAX_MESSAGES) logged.clear();
    logged.set(text, { at, repeated: 0 });
    logger.warn(name, last?.repeated ? { error, repeated: last.repeated } : { error });
  };
}
