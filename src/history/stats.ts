import { z } from "zod";
import type { EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import type { Engine } from "../engine/port/engine.ts";
import { checkRange, endOption, instantOption } from "../jobs/instant-option.ts";
import { jobIdSchema, parseOptions } from "../jobs/options.ts";
import {
  addRollUps,
  type HoursQuery,
  KEPT_DAYS,
  KEPT_HOURS,
  PERIOD_MS,
  type RollUp,
} from "../jobs/roll-up.ts";
import type { Scope } from "../jobs/scope.ts";
import type { InstantInput } from "../triggers/time/parse-instant.ts";
import { type Figures, figuresOf } from "./figures.ts";

/** Without `from`, so many days up to the end. */
const USUAL_DAYS = KEPT_DAYS;

/** Jobs whose days one call sums up. */
const MOST_JOBS = 1_000;
const MOST_LOOKED = 20_000;

const statsSchema = z.strictObject({
  jobId: z.union([jobIdSchema, z.array(jobIdSchema).min(1).max(MOST_JOBS)]).optional(),
  owner: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  from: z.unknown().optional(),
  to: z.unknown().optional(),
  by: z.enum(["hour", "day", "total"]).default("total"),
});

/** Which figures `getStats` returns. */
export interface StatsQuery {
  /** Only this job's, or these jobs' together; 1 to 1,000 ids. @default the whole fleet */
  jobId?: string | string[] | undefined;
  /** Only the jobs of this owner, or of these, together; the first 1,000 by id. @default everybody's */
  owner?: string | string[] | undefined;
  /**
   * From the hour or day that this instant is in, as in `runDate`; in UTC unless it has an offset.
   * @default 34 days before `to`
   */
  from?: InstantInput | undefined;
  /** Up to the hour or day that this instant is in, that one included. @default now */
  to?: InstantInput | undefined;
  /** Whether `periods` has hours (of the fleet only), days of UTC, or nothing. @default "total" */
  by?: "hour" | "day" | "total" | undefined;
}

/** The figures of an hour or a day. */
export interface StatsPeriod extends Figures {
  /** When it began. */
  readonly from: Date;
}

/** What `getStats` returns. */
export interface Stats {
  /** Which time is covered: from here, at the earliest what is kept (35 days of a job, 400 days of the fleet), … */
  readonly from: Date;
  /** … up to this instant, which is not part of it. Whole hours or days, except that the last may not be over. */
  readonly to: Date;
  /** The hours or days in which anything was decided, in their order. */
  readonly periods: readonly StatsPeriod[];
  readonly total: Figures;
  /**
   * Of how many jobs the figures are, and whether there are no more of them: of an owner, and for somebody who sees only some
   * owners' jobs, the first 1,000 by id. `undefined`: they are the whole fleet's.
   */
  readonly jobs: { readonly count: number; readonly isAll: boolean } | undefined;
}

/** Reads what became of occurrences, as far as the scope goes. @throws {@link CronduitError} `INVALID_OPTION` */
export async function readStats(
  engine: Pick<Engine, "jobs" | "now" | "stats">,
  input: StatsQuery,
  scope: Scope,
): Promise<Stats> {
  const query = parseOptions(statsSchema, input, "getStats");
  const asked = await jobsOf(engine, query, scope);
  if (asked && query.by === "hour") {
    const what = scope === "all" ? `, or leave out "jobId" and "owner"` : "";
    throw new CronduitError(
      "INVALID_OPTION",
      `getStats, option "by": figures of jobs are kept by day, only the whole fleet's by hour. Use "day"${what}.`,
      { data: { path: "by" } },
    );
  }
  const range = rangeOf(query, asked ? "day" : "hour", await engine.now());
  const { rollUps, counted } = await read(engine.stats, asked, range);
  const jobs = asked && { count: counted.size, isAll: asked.isAll };
  const [total = { marks: {}, latenessMaxMs: 0, durationMaxMs: 0 }] = addRollUps(rollUps, () => 0);
  const periods = query.by === "total" ? [] : addRollUps(rollUps, startsOf(query.by));
  return {
    from: new Date(range.fromAt),
    to: new Date(range.endAt),
    periods: periods.map(toPeriod),
    total: figuresOf(total),
    jobs,
  };
}

function toPeriod({ at, ...rollUp }: RollUp): StatsPeriod {
  return { from: new Date(at), ...figuresOf(rollUp) };
}

/** Jobs that figures are asked of. */
interface AskedJobs {
  readonly ids: readonly string[];
  /** Those of them that are stored. Others may have been removed, and have figures still. */
  readonly stored: readonly string[];
  readonly isAll: boolean;
}

/** The jobs that are asked for; `undefined`: the whole fleet. */
async function jobsOf(
  engine: Pick<Engine, "jobs">,
  { jobId, owner }: z.output<typeof statsSchema>,
  scope: Scope,
): Promise<AskedJobs | undefined> {
  if (jobId !== undefined && owner !== undefined) {
    throw new CronduitError(
      "INVALID_OPTION",
      `getStats, option "owner": "jobId" says already which jobs are meant. Leave out one of them.`,
      { data: { path: "owner" } },
    );
  }
  if (jobId !== undefined) {
    const ids = [...new Set([jobId].flat())];
    const jobs = await engine.jobs.get(ids);
    return { ids, stored: ids.filter((_, i) => jobs[i]), isAll: true };
  }
  if (owner === undefined && scope === "all") return undefined;
  const filter = owner === undefined ? {} : { owners: [owner].flat() };
  const limits = { limit: MOST_JOBS, mostLooked: MOST_LOOKED };
  const { found, next } = await engine.jobs.list({ filter, order: "id", ...limits }, scope);
  const ids = found.map(({ id }) => id);
  return { ids, stored: ids, isAll: next === undefined };
}

type Period = keyof typeof PERIOD_MS;

/** Periods that began between two instants, both included, and the end of what they cover. */
interface Range extends HoursQuery {
  readonly endAt: EpochMs;
}

/** Gives the start of the period that an instant is in. */
function startsOf(period: Period): (at: EpochMs) => EpochMs {
  return (at) => at - (at % PERIOD_MS[period]);
}

function rangeOf(
  { from, to, by }: z.output<typeof statsSchema>,
  kept: Period,
  now: EpochMs,
): Range {
  const at = (path: string) => ({ where: "getStats", path, timezone: "UTC" });
  const toAt = to === undefined ? now : endOption(to, at("to"));
  const usual = Math.min(toAt, now) - (USUAL_DAYS - 1) * PERIOD_MS.day;
  const fromAt = from === undefined ? usual : instantOption(from, at("from"));
  if (from !== undefined && to !== undefined)
    checkRange({ at: fromAt, given: from }, { at: toAt, given: to }, "getStats");
  const unit = by === "day" || from === undefined ? "day" : kept;
  const oldest = startsOf(kept)(now) - (KEPT[kept] - 1) * PERIOD_MS[kept];
  const start = Math.max(startsOf(unit)(fromAt), oldest);
  const lastUnit = by === "day" ? "day" : kept;
  const end = startsOf(lastUnit)(Math.min(toAt, now)) + PERIOD_MS[lastUnit];
  return { fromAt: start, toAt: end - 1, endAt: Math.max(start, Math.min(end, now)) };
}

const KEPT = { day: KEPT_DAYS, hour: KEPT_HOURS } as const;

async function read(
  stats: Engine["stats"],
  asked: AskedJobs | undefined,
  { fromAt, toAt }: Range,
): Promise<{ readonly rollUps: readonly RollUp[]; readonly counted: ReadonlySet<string> }> {
  const counted = new Set(asked?.stored);
  if (fromAt > toAt) return { rollUps: [], counted };
  if (!asked) return { rollUps: await stats.readHours({ fromAt, toAt }), counted };
  const found = await stats.readDays({ jobIds: asked.ids, fromAt, toAt });
  for (const { jobId } of found) counted.add(jobId);
  return { rollUps: found.flatMap(({ days }) => days), counted };
}
