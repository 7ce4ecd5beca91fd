import { parseDuration } from "../../core/durations.ts";
import { isCronduitError } from "../../core/errors.ts";
import type { Call } from "../call.ts";
import type { FlagValue } from "../settings.ts";

/** A time of a filter: `24h` is so long ago; anything else is for the API to read. */
export function sinceOf(given: FlagValue, { io }: Pick<Call, "io">): string | undefined {
  if (given === undefined) return undefined;
  const text = String(given);
  try {
    return new Date(io.clock.now() - parseDuration(text)).toISOString();
  } catch (error) {
    if (isCronduitError(error)) return text;
    throw error;
  }
}

/** Words with commas between them, given once or several times. */
export function wordsOf(given: FlagValue): string[] | undefined {
  if (given === undefined) return undefined;
  return [given]
    .flat()
    .flatMap((text) => String(text).split(","))
    .filter((word) => word !== "");
}
