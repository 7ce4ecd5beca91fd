import { formatDuration } from "../../core/durations.ts";
import { promiseOf } from "../../history/promise.ts";
import type { Run } from "../../history/run.ts";
import type { JobPromisesAnswer } from "../contract/overview-routes.ts";

/** How much seldomer than planned it has to run for that to be said. */
const SELDOM = 1.5;
const RAN = new Set<Run["verdict"]>(["succeeded", "failed", "cancelled", "running", "sleeping"]);

const BECAUSE: Readonly<Record<string, string>> = {
  condition: "its condition was false",
  paused: "it was paused",
  requested: "somebody asked to skip it",
  rescheduled: "it got another schedule",
  "overlap-replaced": "later runs replaced earlier ones",
  coalesced: "several were due at the same time",
  missed: "it could not begin in time",
};

/** How a job kept its promises lately, counted and in a sentence. @param runs The latest first. */
export function jobPromises(runs: readonly Run[]): JobPromisesAnswer {
  const promised = runs
    .filter((run) => promiseOf(run) !== undefined)
    // What runs comes first in the list, however long it has been running.
    .toSorted((a, b) => b.fireTime.getTime() - a.fireTime.getTime());
  const sumOf = (is: (run: Run) => boolean): number =>
    promised.reduce((sum, run) => sum + (is(run) ? run.count : 0), 0);
  const of = (state: ReturnType<typeof promiseOf>) => sumOf((run) => promiseOf(run) === state);
  const counts = {
    due: sumOf(() => true),
    kept: of("kept"),
    late: of("late"),
    excused: of("excused"),
    broken: of("broken"),
    inFlight: of("in-flight"),
  };
  const [last] = promised;
  const first = promised.at(-1);
  const pace = paceOf(promised);
  return {
    from: first?.firstFireTime.toISOString() ?? null,
    to: last?.fireTime.toISOString() ?? null,
    ...counts,
    ...pace,
    text: [sentence(counts, promised), seldom(pace, promised)].filter(Boolean).join(" "),
  };
}

type Counts = Pick<JobPromisesAnswer, "due" | "kept" | "late" | "excused" | "broken" | "inFlight">;
type Pace = Pick<JobPromisesAnswer, "plannedEveryMs" | "effectiveEveryMs">;

function sentence({ due, kept, late, excused, broken, inFlight }: Counts, runs: readonly Run[]) {
  if (due === 0) return "Nothing was due yet.";
  const decided = due - inFlight;
  if (decided === 0) return "Its first run has no verdict yet.";
  const onTime = kept + late;
  const head =
    onTime === decided
      ? `Kept all of the last ${decided}`
      : `Kept ${onTime} of the last ${decided}`;
  const parts = [
    `${head}${late > 0 ? `, ${late} of them late` : ""}`,
    ...(excused > 0 ? [`excused ${excused}${split(runs, "excused")}`] : []),
    ...(broken > 0 ? [`broken ${broken}${split(runs, "broken")}`] : []),
  ];
  return `${parts.join("; ")}.`;
}

/** What makes a number up, if that is several things, or one that its name does not tell: ` (condition 5, paused 3)`. */
function split(runs: readonly Run[], state: "excused" | "broken"): string {
  const sums = new Map<string, number>();
  for (const run of runs) {
    if (promiseOf(run) !== state) continue;
    const name = run.reason ?? run.verdict;
    sums.set(name, (sums.get(name) ?? 0) + run.count);
  }
  const sorted = [...sums].toSorted(([, a], [, b]) => b - a);
  const named = sorted.map(([name, count]) => (sums.size === 1 ? name : `${name} ${count}`));
  return ` (${named.join(", ")})`;
}

/** How often it was due, and how often it ran. */
function paceOf(runs: readonly Run[]): Pace {
  const ran = runs.filter(({ verdict }) => RAN.has(verdict));
  return {
    plannedEveryMs: everyMs(
      runs,
      runs.reduce((sum, { count }) => sum + count, 0),
    ),
    effectiveEveryMs: everyMs(ran, ran.length),
  };
}

function everyMs(runs: readonly Run[], count: number): number | null {
  const [last] = runs;
  const first = runs.at(-1);
  if (!last || !first || count < 3) return null;
  const lengthMs = last.fireTime.getTime() - first.firstFireTime.getTime();
  return lengthMs > 0 ? Math.round(lengthMs / (count - 1)) : null;
}

function seldom({ plannedEveryMs, effectiveEveryMs }: Pace, runs: readonly Run[]): string {
  if (plannedEveryMs === null || effectiveEveryMs === null) return "";
  if (effectiveEveryMs < plannedEveryMs * SELDOM) return "";
  const why = mainCause(runs);
  const about = (ms: number): string => formatDuration(rounded(ms));
  return `Effective about every ${about(effectiveEveryMs)} instead of every ${about(plannedEveryMs)}${why === undefined ? "" : `, mostly because ${why}`}.`;
}

/** Seconds say nothing about hours. */
function rounded(ms: number): number {
  const unit = ms >= 3_600_000 ? 60_000 : ms >= 60_000 ? 10_000 : 100;
  return Math.max(unit, Math.round(ms / unit) * unit);
}

function mainCause(runs: readonly Run[]): string | undefined {
  const sums = new Map<string, number>();
  for (const { verdict, reason, count } of runs)
    if (!RAN.has(verdict)) sums.set(reason ?? verdict, (sums.get(reason ?? verdict) ?? 0) + count);
  const [main] = [...sums].toSorted(([, a], [, b]) => b - a);
  if (!main) return undefined;
  return main[0] === "max-instances" ? overlapCause(runs) : BECAUSE[main[0]];
}

function overlapCause(runs: readonly Run[]): string {
  const took = runs
    .flatMap(({ startedAt, finishedAt, dueTime }) =>
      startedAt && finishedAt ? [finishedAt.getTime() - dueTime.getTime()] : [],
    )
    .toSorted((a, b) => a - b);
  const median = took[Math.floor(took.length / 2)];
  return median === undefined
    ? "the run before was not finished"
    : `a run takes ${formatDuration(rounded(median))} until it is done`;
}
