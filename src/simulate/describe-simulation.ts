import { counted } from "../core/counted.ts";
import { formatDuration } from "../core/durations.ts";
import { CronduitError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import { formatLocal } from "../triggers/time/local-text.ts";
import type {
  ClockChangeReport,
  Collision,
  DaysWithoutRun,
  GroupUse,
  OutageReport,
  OutcomeCounts,
  Simulation,
  SlotUse,
} from "./simulation.ts";

/** Lines of a kind that are written out; the report has all. */
const MAX_LINES = 20;
const MAX_IDS = 8;

/**
 * A simulation in words and tables, for people. Its wording may change.
 * @throws {@link CronduitError} `INVALID_OPTION`
 */
export function describeSimulation(simulation: Simulation): string {
  checkReport(simulation);
  const { from, to, timezone, runs, unfinished, jobs, peak } = simulation;
  const at = (date: Date): string => formatLocal(wholeSeconds(date.getTime()), timezone);
  const head = [
    `${at(from)} to ${at(to)} (${timezone}): ${counted(jobs.length, "job")}, ${counted(runs, "run")}`,
    ...(unfinished > 0 ? [`${counted(unfinished, "run")} not over at the end`] : []),
    outcomesInWords(simulation.outcomes),
    ...(peak.at ? [`at most ${number(peak.runs)} at once (${at(peak.at)})`] : []),
  ];
  const sections: (readonly [title: string, lines: readonly string[]])[] = [
    ["Months", monthLines(simulation)],
    [
      "Most runs at once, by time of day",
      simulation.collisions.worst.map((one) => collisionLine(one, at)),
    ],
    ["Slots", simulation.slots.flatMap((use) => slotLines(use, at))],
    ["Groups", simulation.groups.map(groupLine)],
    ["Changes of the clock", simulation.clockChanges.map(clockLine)],
    ["Days without any run", daysLines(simulation.daysWithoutRun)],
    ["Outages", simulation.outages.flatMap((outage) => outageLines(outage, at))],
    ["Jobs", jobLines(simulation, at)],
    ["Conditions on jobs that are not there", simulation.unknownJobs.map(unknownLine)],
    ["Assumed to take a minute", assumedLines(simulation.assumed)],
  ];
  const texts = sections
    .filter(([, lines]) => lines.length > 0)
    .map(
      ([title, lines]) =>
        `${title}\n${shortened(lines)
          .map((line) => `  ${line}`)
          .join("\n")}`,
    );
  return [head.join("\n"), ...texts].join("\n\n");
}

function checkReport(given: unknown): void {
  const { from, months } = (given ?? {}) as { readonly from?: unknown; readonly months?: unknown };
  if (from instanceof Date && Array.isArray(months)) return;
  throw new CronduitError(
    "INVALID_OPTION",
    `describeSimulation: ${shown(given)} is not what simulate resolved to. (From JSON, make dates of its times first.)`,
    { data: { path: "simulation" } },
  );
}

function monthLines({ months }: Simulation): string[] {
  const rows = months.map(({ month, runs, outcomes, peak, busyMs }) => [
    month,
    number(runs),
    number(outcomes.failed),
    number(outcomes.missed),
    number(outcomes.coalesced),
    number(outcomes.skipped),
    number(peak),
    `${(busyMs / 3_600_000).toFixed(1)} h`,
  ]);
  return table([
    ["", "runs", "failed", "missed", "coalesced", "skipped", "at once", "busy"],
    ...rows,
  ]);
}

function collisionLine(
  { timeOfDay, days, runs, at, jobIds }: Collision,
  text: (at: Date) => string,
): string {
  return `${timeOfDay}  ${number(runs)} at once (${text(at)}; runs met on ${counted(days, "day")}): ${someOf(jobIds)}`;
}

function slotLines(use: SlotUse, text: (at: Date) => string): string[] {
  if (use.limit === null) return [];
  const whose = use.queue === null ? "" : `queue ${use.queue}: `;
  const when = use.wantedAt ? ` (${text(use.wantedAt)})` : "";
  const wanted = `${whose}${number(use.wanted)} of ${number(use.limit)} wanted${when}`;
  if (use.waited === 0) return [`${wanted}; no run waited for one`];
  return [
    `${wanted}; ${counted(use.waited, "run")} waited, up to ${spanOf(use.longestWaitMs)}; all taken for ${spanOf(use.fullMs)}`,
  ];
}

function groupLine({ key, limit, peak, waited, longestWaitMs, fullMs }: GroupUse): string {
  const waits =
    waited === 0
      ? "no run waited"
      : `${counted(waited, "run")} waited, up to ${spanOf(longestWaitMs)}`;
  return `${key}: ${number(peak)} of ${number(limit)}; ${waits}; full for ${spanOf(fullMs)}`;
}

const EFFECTS = {
  moved: "skipped by the clock, run after the gap",
  dropped: "skipped by the clock, not run",
  doubled: "shown twice, run twice",
  "second-pass-skipped": "shown twice, run the first time only",
} as const;

function clockLine({ jobId, timezone, effect, times, count }: ClockChangeReport): string {
  const more = count > times.length ? ` and ${number(count - times.length)} more` : "";
  return `${jobId}: ${times.join(", ")}${more} ${timezone}: ${EFFECTS[effect]}`;
}

function daysLines({ count, dates }: DaysWithoutRun): string[] {
  if (count === 0) return [];
  const more = count > dates.length ? ` and ${number(count - dates.length)} more` : "";
  return [`${number(count)}: ${dates.join(", ")}${more}`];
}

function outageLines(outage: OutageReport, text: (at: Date) => string): string[] {
  const { from, to, interrupted, caughtUpAt, burst, jobs } = outage;
  const caughtUp = caughtUpAt ? `; caught up by ${text(caughtUpAt)}` : "";
  return [
    `${text(from)} to ${text(to)}: ${verdictsOf(outage)}; ${counted(interrupted, "run")} interrupted; ${number(burst)} at once at the end${caughtUp}`,
    ...shortened(
      jobs.map((job) => {
        const late = job.ran > 0 ? `, up to ${spanOf(job.longestDelayMs)} late` : "";
        return `  ${job.jobId}: ${verdictsOf(job)}${late}`;
      }),
    ),
  ];
}

function verdictsOf(counts: {
  readonly ran: number;
  readonly missed: number;
  readonly coalesced: number;
  readonly skipped: number;
}): string {
  const { ran, missed, coalesced, skipped } = counts;
  const parts = Object.entries({ ran, missed, coalesced, skipped }).filter(
    ([, count]) => count > 0,
  );
  return parts.map(([name, count]) => `${number(count)} ${name}`).join(", ") || "nothing was due";
}

function jobLines({ jobs, timezone, from }: Simulation, text: (at: Date) => string): string[] {
  void timezone;
  const rows = jobs.map((job) => [
    job.jobId,
    number(job.runs),
    number(job.outcomes.failed),
    number(job.outcomes.missed),
    number(job.outcomes.skipped),
    number(job.daysWithoutRun.count),
    spanOf(job.longestGap.to.getTime() - job.longestGap.from.getTime()),
    spanOf(job.longestDelayMs),
    job.pausedAt === null
      ? ""
      : job.pausedAt.getTime() <= from.getTime()
        ? "paused"
        : `paused ${text(job.pausedAt)}`,
  ]);
  return table([
    ["", "runs", "failed", "missed", "skipped", "days without", "longest gap", "latest start", ""],
    ...rows,
  ]);
}

function unknownLine({ jobId, missing }: Simulation["unknownJobs"][number]): string {
  return `${jobId}: there is no job ${someOf(missing)}`;
}

function assumedLines(ids: readonly string[]): string[] {
  return ids.length === 0 ? [] : [someOf(ids)];
}

function outcomesInWords(counts: OutcomeCounts): string {
  const { skippedBy, skipped: _, ...verdicts } = counts;
  const parts = [
    ...Object.entries(verdicts),
    ...Object.entries(skippedBy).map(([reason, count]) => [`skipped: ${reason}`, count] as const),
  ].filter(([, count]) => count > 0);
  return parts.map(([name, count]) => `${number(count)} ${name}`).join(", ") || "no occurrence";
}

function someOf(ids: readonly string[]): string {
  const more = ids.length > MAX_IDS ? ` and ${number(ids.length - MAX_IDS)} more` : "";
  return ids.slice(0, MAX_IDS).join(", ") + more;
}

function shortened(lines: readonly string[]): string[] {
  // A table has a head.
  if (lines.length <= MAX_LINES + 1) return [...lines];
  return [...lines.slice(0, MAX_LINES), `… and ${number(lines.length - MAX_LINES)} more`];
}

/** The first column is text, the others numbers. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

function number(value: number): string {
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

/** Milliseconds only where they are all there is. */
function spanOf(ms: number): string {
  return formatDuration(ms < 60_000 ? ms : wholeSeconds(ms));
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}
