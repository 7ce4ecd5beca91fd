import { durationOption } from "../jobs/duration-option.ts";
import { parseOptions } from "../jobs/options.ts";

/** Schema of the option `patience`. */
export const patienceSchema = durationOption("patience").default(2_000);

const advanceSchema = durationOption("advanceBy");
const outageSchema = durationOption("outage");
/** Schema of a clock's distance from another. */
export const skewSchema = durationOption("skewClock");

/** @throws {@link CronduitError} `INVALID_OPTION` */
export function readAdvance(duration: unknown): number {
  return parseOptions(advanceSchema, duration, "advanceBy");
}

/** @throws {@link CronduitError} `INVALID_OPTION` */
export function readOutage(duration: unknown): number {
  return parseOptions(outageSchema, duration, "outage");
}

/** A length of time that may be negative. @throws {@link CronduitError} `INVALID_OPTION` */
export function readSkew(ahead: number | string): number {
  const isBehind = String(ahead).startsWith("-");
  const size = typeof ahead === "number" ? Math.abs(ahead) : ahead.replace(/^-/, "");
  const ms = parseOptions(skewSchema, size, "skewClock");
  return isBehind ? -ms : ms;
}
