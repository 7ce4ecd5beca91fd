import type { Clock } from "./clock.ts";
import type { Logger } from "./log.ts";

/** The same trouble is told once in so long: an outage meets every connection, again and again. */
const TOLD_EVERY_MS = 10_000;
/** Texts that are remembered. */
const MOST_TEXTS = 100;

/** Logs errors as warnings: each text at once, and then every ten seconds with how often it came meanwhile. */
export function errorSink(logger: Logger, name: string, clock: Clock): (error: unknown) => void {
  const told = new Map<string, { readonly at: number; repeated: number }>();
  return (error) => {
    const text = error instanceof Error ? error.message : String(error);
    const last = told.get(text);
    const at = clock.elapsed();
    if (last && at - last.at < TOLD_EVERY_MS) {
      last.repeated += 1;
      return;
    }
    if (told.size >= MOST_TEXTS) told.clear();
    told.set(text, { at, repeated: 0 });
    logger.warn(name, last?.repeated ? { error, repeated: last.repeated } : { error });
  };
}
