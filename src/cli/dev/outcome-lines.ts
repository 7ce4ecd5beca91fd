import type { EpochMs } from "../../core/clock.ts";
import type { FilesOutcome } from "../../config/watch/files-outcome.ts";
import { describeProblem } from "../../config/watch/files-outcome.ts";
import type { Run } from "../../history/run.ts";
import { padTo } from "../output/fit.ts";
import { harmless } from "../output/harmless.ts";
import type { Paint } from "../output/paint.ts";
import { lengthText } from "../output/times.ts";
import { glyphOf } from "../output/verdict-looks.ts";

/** Characters of what a run wrote last. */
const MOST_SAID = 100;
const MOST_PROBLEMS = 10;

/** How lines are written. */
export interface LineLook {
  readonly zone: string;
  readonly paint: Paint;
  /** The working directory, which paths are told without. */
  readonly cwd: string;
  /** The longest job id so far. */
  readonly width: number;
}

/** What a line tells of a run, or of an occurrence that did not run. */
export interface OutcomeTold {
  readonly run: Run;
  /** The last line that it wrote. */
  readonly said: string | undefined;
  /** Why it did not run. */
  readonly why: string | undefined;
  readonly next: Date | null;
}

/** `02:14:00.003  ✓ hello       0.1 s  "Hello, World!"   next 02:15:00` */
export function outcomeLine({ run, said, why, next }: OutcomeTold, look: LineLook): string {
  const { paint, zone, width } = look;
  const { jobId, verdict, reason = null } = run;
  const at = run.startedAt ?? run.decidedAt ?? run.fireTime;
  const glyph = glyphOf(verdict, reason, paint);
  const words = [
    `${clockTime(at.getTime(), zone)}  ${glyph} ${padTo(harmless(jobId), width)}`,
    whatOf(run, said, why),
    ...(next === null ? [] : [paint("quiet", `next ${clockTime(next.getTime(), zone, false)}`)]),
    ...(verdict === "failed" ? [paint("quiet", `cronduit why ${shellWord(jobId)}`)] : []),
  ];
  return words.join("  ");
}

function whatOf(run: Run, said: string | undefined, why: string | undefined): string {
  const { verdict, reason, durationMs, error } = run;
  const took = durationMs === undefined ? "" : lengthText(durationMs);
  const words = said === undefined ? "" : `  ${cut(said)}`;
  switch (verdict) {
    case "succeeded":
      return `${took}${said === undefined ? "" : `  "${cut(said)}"`}`;
    case "failed": {
      const code = error?.code === undefined ? undefined : exitOf(run);
      const told = said ?? error?.message ?? "";
      return `${[code ?? "failed", took].filter((part) => part !== "").join(", ")}  ${cut(told)}`;
    }
    case "cancelled":
      return `cancelled${took === "" ? "" : ` after ${took}`}${words}`;
    case "skipped":
      return `skipped: ${reason ?? "no reason"}${why === undefined ? "" : `  ${cut(why, 300)}`}`;
    case "missed":
    case "coalesced":
      return `${verdict}${run.count > 1 ? ` (${run.count} times)` : ""}${why === undefined ? "" : `  ${cut(why, 300)}`}`;
    case "retrying":
      return `failed, and is tried again${error ? `  ${cut(error.message)}` : ""}`;
    case "queued":
    case "running":
    case "sleeping":
      return verdict;
  }
}

/** `exit 1`, of a program's error; `undefined` for others. */
function exitOf({ error }: Run): string | undefined {
  const [, code] = /\bexit code (\d{1,3})\b/.exec(error?.message ?? "") ?? [];
  return code === undefined ? undefined : `exit ${code}`;
}

/** `02:14:31.210  ⟳ cronduit.toml changed: 1 job changed, 1 new` */
export function filesLines(
  outcome: FilesOutcome,
  { at, where }: { readonly at: EpochMs; readonly where: string },
  { zone, paint, cwd }: LineLook,
): string[] {
  const problems = problemsOf(outcome, cwd);
  const head = `${clockTime(at, zone)}  ${paint(outcome.kind === "applied" ? "strong" : "care", "⟳")} `;
  switch (outcome.kind) {
    case "applied": {
      const { added, changed, removed, failed } = outcome;
      const parts = [
        ...(changed > 0 ? [`${changed} changed`] : []),
        ...(added > 0 ? [`${added} new`] : []),
        ...(removed > 0 ? [`${removed} removed`] : []),
        ...(failed.length > 0 ? [paint("bad", `${failed.length} refused`)] : []),
      ];
      return [`${head}${harmless(where)} changed: ${parts.join(", ")}`, ...problems];
    }
    case "rejected":
      return [
        `${head}${harmless(where)} changed, and is not valid: the jobs stay as they were`,
        ...problems,
      ];
    case "conflict":
      return [
        `${head}another process reads other files as the same source: the jobs stay as they were`,
      ];
    case "unchanged":
      return problems;
  }
}

/** What is wrong with files, a line each. @param cwd Paths in it are told from there. */
export function problemsOf({ problems }: Pick<FilesOutcome, "problems">, cwd: string): string[] {
  const near = (path: string): string =>
    path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
  const lines = problems
    .slice(0, MOST_PROBLEMS)
    .map((problem) => `  ${harmless(describeProblem({ ...problem, file: near(problem.file) }))}`);
  const left = problems.length - lines.length;
  return left > 0 ? [...lines, `  … and ${left} more`] : lines;
}

/** `02:14:00.003`, in the reader's zone. */
export function clockTime(at: EpochMs, zone: string, withMs = true): string {
  const time = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).format(at);
  return withMs ? `${time}.${String(Math.floor(at) % 1_000).padStart(3, "0")}` : time;
}

function cut(text: string, most = MOST_SAID): string {
  const line = harmless(text.trim());
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`;
}

/** A word that a shell takes as it is, if it needs quotes. */
function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${harmless(text).replaceAll("'", "'\\''")}'`;
}
