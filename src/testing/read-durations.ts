import { CronduitError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
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
  return parseOptions(advanceSchema, forward(duration, "advanceBy"), "advanceBy");
}

/** @throws {@link CronduitError} `INVALID_OPTION` */
export function readOutage(duration: unknown): number {
  return parseOptions(outageSchema, forward(duration, "outage"), "outage");
}

/** A length of time that may be negative. @throws {@link CronduitError} `INVALID_OPTION` */
export function readSkew(ahead: unknown): number {
  if (!isNegative(ahead)) return parseOptions(skewSchema, ahead, "skewClock");
  const size = typeof ahead === "number" ? -ahead : ahead.trim().slice(1);
  return -parseOptions(skewSchema, size, "skewClock");
}

function forward(duration: unknown, where: string): unknown {
  if (!isNegative(duration)) return duration;
  throw new CronduitError(
    "INVALID_OPTION",
    `${where}: ${shown(duration)} goes back, and the time does not. ${BEGIN_EARLIER}`,
    { data: { path: "" } },
  );
}

function isNegative(value: unknown): value is number | string {
  return typeof value === "number" ? value < 0 : typeof value === "string" && /^\s*-/.test(value);
}

/** What to do instead of moving back. */
export const BEGIN_EARLIER =
  'To begin earlier, make the scheduler with the option "now"; for a worker whose clock is behind, call skewClock("-3s").';
