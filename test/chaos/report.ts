import type { Tally } from "./check/tally.ts";
import { clockTime, VIOLATION_KINDS, type Violation } from "./check/violation.ts";
import { FAULT_KINDS, type History } from "./history/history.ts";
import type { Change } from "./history/job-spec.ts";

/** How much of a job's timeline is shown before and after a violation. */
const BEFORE_MS = 4_000;
const AFTER_MS = 3_000;
const MAX_LINES = 40;
/** Violations of one kind that are shown in full. */
const MAX_TOLD = 5;

function changeText(change: Change): string {
  if (change.kind === "add") return `add ${JSON.stringify(change.spec)}`;
  const { kind, ...rest } = change;
  return Object.keys(rest).length > 0 ? `${kind} ${JSON.stringify(rest)}` : kind;
}

/** Everything known about a job around an instant, from all sources, in order. */
export function timeline(history: History, job: string, at: number): string[] {
  const lines: { at: number; text: string }[] = [];
  const say = (when: number | undefined, text: string): void => {
    if (when !== undefined && when >= at - BEFORE_MS && when <= at + AFTER_MS)
      lines.push({ at: when, text });
  };
  for (const { edit, from, to, result, pid, error = "" } of history.calls) {
    if (edit.job !== job) continue;
    say(from, `client ${pid} asks: ${changeText(edit.change)}`);
    say(to, `client ${pid} is answered: ${edit.change.kind} ${result} ${error}`.trimEnd());
  }
  for (const one of history.attempts) {
    if (one.job !== job) continue;
    const who = `${one.run} attempt ${one.attempt} (worker ${one.pid})`;
    say(
      one.startAt,
      `${who} starts, due ${clockTime(one.dueAt)}, admitted ${clockTime(one.admittedAt)}, rev ${one.rev}`,
    );
    say(
      one.endAt,
      `${who} ${one.isAsleep ? "goes to sleep" : one.endedOk === true ? "ends well" : "ends with an error"}`,
    );
    say(one.diedAt, `${who} dies with its process`);
  }
  for (const row of [...history.rows, ...history.open]) {
    if (row.job !== job) continue;
    const what = [row.verdict, row.reason, row.coalescedInto && `into ${row.coalescedInto}`]
      .filter(Boolean)
      .join(" ");
    const span = row.count > 1 ? ` × ${row.count} from ${clockTime(row.fromAt)}` : "";
    say(
      row.decidedAt ?? row.finishedAt ?? row.startedAt ?? row.fireAt,
      `ledger: ${row.run} ${what}${span}${row.attempt === undefined ? "" : ` in attempt ${row.attempt}`}`,
    );
  }
  for (const event of history.heard)
    if (event.job === job && /REPAIRED|OVERDUE|RETRYING/.test(event.name))
      say(event.time, `event: ${event.name} ${event.run ?? ""} ${event.reason ?? ""}`);
  for (const { kind, from, to, pid, proof } of history.faults) {
    const whom = pid === undefined ? "" : ` of ${pid}`;
    say(from, `fault: ${kind}${whom} begins`);
    say(to, `fault: ${kind}${whom} is over (${proof ?? "nothing shows it"})`);
  }
  for (const { pid, from, to } of history.stalls)
    say(to, `process ${pid} stood still since ${clockTime(from)}`);
  return lines
    .toSorted((a, b) => a.at - b.at)
    .slice(0, MAX_LINES)
    .map((line) => `      ${clockTime(line.at)}  ${line.text}`);
}

/** One column of the table. */
export interface Column {
  readonly name: string;
  readonly counted: Tally;
  /** Absent for a system that makes no such promise. */
  readonly violations?: readonly Violation[];
}

/** The results as a table, one column per system. */
export function table(columns: readonly Column[]): string {
  const rows: [string, ...string[]][] = [
    ["", ...columns.map(({ name }) => name)],
    ["occurrences surely due", ...columns.map(({ counted }) => `${counted.due}`)],
    ["occurrences due during an edit", ...columns.map(({ counted }) => `${counted.uncertain}`)],
    ["without any run or record", ...columns.map(({ counted }) => `${counted.withoutTrace}`)],
    ["runs started", ...columns.map(({ counted }) => `${counted.runs}`)],
    ["attempts started", ...columns.map(({ counted }) => `${counted.attempts}`)],
    ["runs redelivered", ...columns.map(({ counted }) => `${counted.redelivered}`)],
    ["retries", ...columns.map(({ counted }) => `${counted.retried}`)],
    ["runs that slept", ...columns.map(({ counted }) => `${counted.slept}`)],
    ["runs that timed out", ...columns.map(({ counted }) => `${counted.timedOut}`)],
    ["zombies", ...columns.map(({ counted }) => `${counted.zombies}`)],
    ["started before its time", ...columns.map(({ counted }) => `${counted.earlyStarts}`)],
    ["healthy seconds", ...columns.map(({ counted }) => `${counted.healthySeconds}`)],
    ["events heard", ...columns.map(({ counted }) => `${counted.eventsHeard}`)],
    ["… more than once", ...columns.map(({ counted }) => `${counted.eventsRepeated}`)],
  ];
  const verdicts = new Set(columns.flatMap(({ counted }) => Object.keys(counted.verdicts)));
  for (const verdict of [...verdicts].toSorted())
    rows.push([
      `verdict ${verdict}`,
      ...columns.map(({ counted }) => `${counted.verdicts[verdict] ?? "-"}`),
    ]);
  for (const kind of FAULT_KINDS)
    rows.push([
      `fault ${kind} (shown / done)`,
      ...columns.map(
        ({ counted }) => `${counted.faults[kind].proved} / ${counted.faults[kind].done}`,
      ),
    ]);
  for (const kind of VIOLATION_KINDS)
    rows.push([
      `VIOLATION ${kind}`,
      ...columns.map(({ violations }) =>
        violations ? `${violations.filter((one) => one.kind === kind).length}` : "-",
      ),
    ]);
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join("  "),
    )
    .join("\n");
}

/** Each violation with its timeline, and how to reproduce it. */
export function story(history: History, violations: readonly Violation[], again: string): string {
  const told = new Map<string, number>();
  const parts: string[] = [];
  for (const { kind, job, at, text } of violations) {
    const count = (told.get(kind) ?? 0) + 1;
    told.set(kind, count);
    if (count > MAX_TOLD) continue;
    parts.push(
      [`  ${kind}: ${job} at ${clockTime(at)}: ${text}`, ...timeline(history, job, at)].join("\n"),
    );
  }
  for (const [kind, count] of told)
    if (count > MAX_TOLD) parts.push(`  ${kind}: and ${count - MAX_TOLD} more`);
  if (parts.length > 0) parts.push(`  again: ${again}`);
  return parts.join("\n\n");
}
