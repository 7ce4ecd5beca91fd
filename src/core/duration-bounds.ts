import { formatDuration } from "./durations.ts";

/** Bounds of an option that is a duration. All in seconds, as in the options themselves. */
export interface DurationBounds {
  /**
   * A larger bare number is taken for a mistake (milliseconds, probably); as text, any duration up to {@link max} is
   * accepted.
   */
  readonly numberUpTo: number;
  /** Shortest duration. @default 0 */
  readonly min?: number;
  /** Longest duration. @default as long as its milliseconds are a safe integer */
  readonly max?: number;
  /** What to write instead of `Infinity`. @default nothing: the duration must be finite */
  readonly endless?: string;
}

const A_MILLISECOND = 0.001;
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const TEN_YEARS = 3_650 * DAY;
const HUNDRED_YEARS = 36_500 * DAY;

/** Every public option that is a duration. `docs/durations.md` holds the same table; a test compares the two. */
export const DURATION_BOUNDS = {
  "addJob.timeout": { numberUpTo: DAY, min: A_MILLISECOND, endless: "leave it out" },
  "addJob.misfireGraceTime": { numberUpTo: 7 * DAY, endless: "write null" },
  "addJob.conditionPolicy.wait": { numberUpTo: 7 * DAY, min: A_MILLISECOND },
  "addJob.retry.delay": { numberUpTo: DAY },
  "addJob.retry.maxDelay": { numberUpTo: 7 * DAY },
  "addJob.logs.age": { numberUpTo: TEN_YEARS },
  "addJob.retention.age": { numberUpTo: TEN_YEARS },
  "addJob.jitter": { numberUpTo: 7 * DAY },
  "when.finishedWithin": { numberUpTo: TEN_YEARS },
  "runJob.wait": { numberUpTo: DAY, min: A_MILLISECOND, endless: "write true" },
  "overrideJob.until": { numberUpTo: 366 * DAY, min: A_MILLISECOND },
  "pauseJob.until": { numberUpTo: 366 * DAY, min: A_MILLISECOND },
  "JobFiles.poll": { numberUpTo: HOUR, min: 0.1, max: HOUR },
  "step.timeout": { numberUpTo: DAY, min: A_MILLISECOND, endless: "leave it out" },
  "step.retries.delay": { numberUpTo: HOUR },
  "step.retries.maxDelay": { numberUpTo: DAY },
  sleep: { numberUpTo: 366 * DAY },
  "createApi.auth.session.idle": { numberUpTo: 7 * DAY, min: MINUTE, max: 366 * DAY },
  "createApi.auth.session.absolute": { numberUpTo: 366 * DAY, min: MINUTE, max: 366 * DAY },
  "createApi.auth.issuer.maxAge": { numberUpTo: 7 * DAY, min: MINUTE, max: 366 * DAY },
  "createApi.quotas.shortestInterval": { numberUpTo: 7 * DAY, max: 366 * DAY },
  "simulate.durations": { numberUpTo: 7 * DAY },
  "task.timeout": { numberUpTo: DAY, min: A_MILLISECOND, endless: "leave it out" },
  "task.grace": { numberUpTo: 5 * MINUTE, max: 5 * MINUTE },
  "exportState.drain": { numberUpTo: HOUR },
  "migrate.timeout": { numberUpTo: HOUR },
  timeout: { numberUpTo: 5 * MINUTE },
  reconcile: { numberUpTo: MINUTE, min: 0.1, max: 10 * MINUTE },
  overdue: { numberUpTo: HOUR, min: 0.1 },
  finishedRetention: { numberUpTo: TEN_YEARS },
  lock: { numberUpTo: 5 * MINUTE, min: 1, max: HOUR },
  stalledCheck: { numberUpTo: MINUTE, min: 0.5, max: 10 * MINUTE },
  "rateLimit.per": { numberUpTo: HOUR, min: A_MILLISECOND, max: DAY },
  drain: { numberUpTo: HOUR },
  advanceBy: { numberUpTo: 366 * DAY, max: HUNDRED_YEARS },
  outage: { numberUpTo: 366 * DAY, max: HUNDRED_YEARS },
  skewClock: { numberUpTo: DAY, max: HUNDRED_YEARS },
  patience: { numberUpTo: 5 * MINUTE, min: A_MILLISECOND },
} as const satisfies Record<string, DurationBounds>;

/** The name of an option that is a duration; a key of {@link DURATION_BOUNDS}. */
export type DurationOptionName = keyof typeof DURATION_BOUNDS;

/** What is wrong with a duration, and what was probably meant. */
export interface DurationProblem {
  readonly message: string;
  readonly suggestion?: string;
}

/** Reads a number of seconds. @returns Milliseconds, or why the number is rejected. */
export function readSeconds(seconds: number, name: DurationOptionName): number | DurationProblem {
  const bounds: DurationBounds = DURATION_BOUNDS[name];
  if (Number.isNaN(seconds)) return { message: "is NaN, which is not a duration" };
  if (seconds < 0) return { message: `is ${seconds}, but must be at least 0` };
  if (seconds === Number.POSITIVE_INFINITY) {
    const instead = bounds.endless === undefined ? "must end" : `${bounds.endless} for no end`;
    return { message: `is Infinity; ${instead}` };
  }
  if (seconds > bounds.numberUpTo || readsAsMilliseconds(seconds))
    return implausible(seconds, bounds);
  return withinBounds(Math.round(seconds * 1_000), name);
}

/** Rejects a duration that is too short or too long for its option. @returns The milliseconds, or what is wrong. */
export function withinBounds(ms: number, name: DurationOptionName): number | DurationProblem {
  const { min = 0, max = Number.POSITIVE_INFINITY }: DurationBounds = DURATION_BOUNDS[name];
  if (ms < min * 1_000) return { message: `must be at least ${formatDuration(min * 1_000)}` };
  if (ms > max * 1_000) return { message: `must be at most ${formatDuration(max * 1_000)}` };
  return ms;
}

/**
 * Nobody writes 16 minutes 40 seconds as 1000: whole thousands are milliseconds, except those that make whole hours.
 */
function readsAsMilliseconds(seconds: number): boolean {
  return (
    seconds >= 1_000 && seconds % 1_000 === 0 && (seconds % HOUR !== 0 || seconds % 3_600_000 === 0)
  );
}

function implausible(seconds: number, { numberUpTo, max }: DurationBounds): DurationProblem {
  if (!Number.isSafeInteger(Math.round(seconds)))
    return { message: `is ${seconds}, which is too long` };
  const wholeMs = Math.round(seconds * 1_000);
  const isSafe = Number.isSafeInteger(wholeMs);
  const written = isSafe ? formatDuration(wholeMs) : "far too long";
  const isAllowed = isSafe && (max === undefined || seconds <= max);
  const most = isAllowed ? numberUpTo : (max ?? numberUpTo);
  const bound =
    seconds > numberUpTo
      ? ` ${isAllowed ? "As a number, at most" : "At most"} ${most} (${formatDuration(most * 1_000)}) is allowed.`
      : "";
  const meant = formatDuration(seconds);
  // Milliseconds are written in round numbers.
  const isRound = seconds % 100 === 0;
  const hint = isRound ? ` Did you mean "${meant}"?` : "";
  const otherwise = isAllowed ? ` ${isRound ? "If not, write" : "Write"} "${written}".` : "";
  return {
    message: `is ${seconds}; numbers are seconds, so that is ${written}.${bound}${hint}${otherwise}`,
    ...(isRound ? { suggestion: meant } : {}),
  };
}
