import { z } from "zod";
import type { EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import { checkRange, endOption, instantOption } from "../jobs/instant-option.ts";
import { parseOptions } from "../jobs/options.ts";
import { queueNameSchema } from "../jobs/queue.ts";
import { checkTimezone } from "../jobs/timezone-option.ts";
import type { JobRules } from "../scheduler/add-job-options.ts";
import {
  type CalendarInput,
  type CalendarSpec,
  calendarSpecSchema,
} from "../triggers/calendars/calendar-spec.ts";
import { instantSchema, type InstantInput } from "../triggers/time/parse-instant.ts";
import type { OutagePeriod } from "./outage-log.ts";
import type { RunDurations, RunOutcomes } from "./run-lengths.ts";
import type { SlotLimits } from "./simulated-fleet.ts";
import { LONGEST_MS } from "./timeline.ts";

const slotLimit = z.int().min(1).max(1_000_000);

const simulationOptionsSchema = z.strictObject({
  from: instantSchema,
  to: instantSchema,
  timezone: z.string().min(1).max(64).default("UTC"),
  calendars: z
    .record(z.string().min(1).max(200), calendarSpecSchema)
    .default({})
    .transform((named) => new Map<string, CalendarSpec>(Object.entries(named))),
  jobDefaults: z.custom<object>((value) => typeof value === "object" && value !== null).optional(),
  durations: z
    .custom<RunDurations>(isDurations, "is no duration")
    .meta({
      allowed:
        'seconds, a string such as "5m", a function of job and fire time, or an object with a duration or earlier runs for each job id',
    })
    .optional(),
  outcomes: z
    .custom<RunOutcomes>((value) => typeof value === "function")
    .meta({ allowed: 'a function that returns "succeeded" or "failed"' })
    .optional(),
  slots: z.union([slotLimit, z.record(queueNameSchema, slotLimit)]).optional(),
  outages: z
    .array(z.strictObject({ from: instantSchema, to: instantSchema }))
    .max(1_000)
    .default([]),
  worst: z.int().min(0).max(100).default(10),
  signal: z.custom<AbortSignal>((value) => value instanceof AbortSignal).optional(),
});

function isDurations(value: unknown): boolean {
  return (
    ["number", "string", "function"].includes(typeof value) ||
    (typeof value === "object" && value !== null)
  );
}

/** What to simulate. */
export interface SimulateOptions {
  /** The first instant, as in `runDate`. Jobs count as added at it: an interval without a start begins here. */
  from: InstantInput;
  /**
   * The end, as in `runDate`, which is no part of the period; of a date without a time, the end of that day. At most ten
   * years after `from`.
   */
  to: InstantInput;
  /** The zone of jobs that name none, of times without an offset, and of the report's days. @default "UTC" */
  timezone?: string | undefined;
  /** The scheduler's named calendars. @default none */
  calendars?: Readonly<Record<string, CalendarInput>> | undefined;
  /** The scheduler's `jobDefaults`. @default none */
  jobDefaults?:
    | Omit<
        JobRules,
        "id" | "description" | "nextRunTime" | "condition" | "conditionPolicy" | "ifRevision"
      >
    | undefined;
  /**
   * How long an attempt takes: seconds or text such as `"5m"` for all jobs; a function; or an object with a length for each
   * job id, where earlier runs, such as a page of `getRuns`, stand for a length of theirs for each run. Jobs without one
   * take a minute, and the report lists them in `assumed`. An id with a length must be one of the jobs'; earlier runs may be of
   * others. A function, like `outcomes`, may be asked again about the same attempt, and should answer the same.
   * @default "1m"
   */
  durations?: RunDurations | undefined;
  /** How an attempt ends; `retry`, conditions and `pauseAfterFailures` go by it. @default always "succeeded" */
  outcomes?: RunOutcomes | undefined;
  /**
   * How many runs the workers execute at once (workers times concurrency), 1 to 1,000,000: over all queues, or by queue.
   * What finds no free slot waits.
   * @default no limit
   */
  slots?: SlotLimits | undefined;
  /**
   * Periods in which no worker is there; up to 1,000, which don't overlap, each at least in part in the simulated one. Runs in progress at the beginning go on at the
   * end with another attempt.
   * @default none
   */
  outages?: readonly { from: InstantInput; to: InstantInput }[] | undefined;
  /** How many of the worst collisions to report: 0 to 100. @default 10 */
  worst?: number | undefined;
  /** Ends the simulation. @default none */
  signal?: AbortSignal | undefined;
}

/** Options after parsing. */
export type SimulationSettings = Omit<
  z.output<typeof simulationOptionsSchema>,
  "from" | "to" | "outages"
> & {
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
  readonly outages: readonly OutagePeriod[];
};

const WHERE = "simulate";

/** @throws {@link CronduitError} `INVALID_OPTION`, `INVALID_TIMEZONE` */
export function readSimulationOptions(given: SimulateOptions): SimulationSettings {
  if ((given as unknown) === undefined)
    throw invalid('the options are missing: at least "from" and "to"', "from");
  const { from, to, outages, ...settings } = parseOptions(simulationOptionsSchema, given, WHERE);
  checkTimezone(settings.timezone, WHERE);
  const period = periodOf({ from, to }, "", settings.timezone);
  if (period.toAt - period.fromAt > LONGEST_MS)
    throw invalid("the period is longer than ten years", "to");
  return { ...settings, ...period, outages: outagesIn(period, outages, settings.timezone) };
}

function outagesIn(
  period: OutagePeriod,
  outages: readonly { readonly from: unknown; readonly to: unknown }[],
  timezone: string,
): OutagePeriod[] {
  const sorted = outages
    .map((outage, i) => {
      const path = `outages.${i}`;
      const { fromAt, toAt } = periodOf(outage, `${path}.`, timezone);
      if (toAt <= period.fromAt || fromAt >= period.toAt)
        throw invalid("it is not in the simulated period", path, path);
      return {
        path,
        fromAt: Math.max(fromAt, period.fromAt),
        toAt: Math.min(toAt, period.toAt),
      };
    })
    .toSorted((a, b) => a.fromAt - b.fromAt);
  for (const [i, { fromAt, path }] of sorted.entries()) {
    const before = sorted[i - 1];
    if (before && fromAt < before.toAt)
      throw invalid(`it overlaps with ${before.path}`, path, path);
  }
  return sorted.map(({ fromAt, toAt }) => ({ fromAt, toAt }));
}

function invalid(what: string, path: string, option?: string): CronduitError {
  const where = option === undefined ? WHERE : `${WHERE}, option "${option}"`;
  return new CronduitError("INVALID_OPTION", `${where}: ${what}.`, { data: { path } });
}

function periodOf(
  { from, to }: { readonly from: unknown; readonly to: unknown },
  path: string,
  timezone: string,
): OutagePeriod {
  const fromAt = instantOption(from, { where: WHERE, path: `${path}from`, timezone });
  const end = endOption(to, { where: WHERE, path: `${path}to`, timezone });
  const isWholeDay = end !== instantOption(to, { where: WHERE, path: `${path}to`, timezone });
  const toAt = isWholeDay ? end + 1 : end;
  checkRange({ at: fromAt, given: from }, { at: toAt, given: to }, WHERE, path);
  if (fromAt < toAt) return { fromAt, toAt };
  throw invalid("the period is empty", `${path}to`, `${path}to`);
}
