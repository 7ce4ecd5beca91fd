import { appendFileSync, readFileSync } from "node:fs";

/**
 * One line of the append-only file that the runs themselves write: what they saw, independent of what the system under
 * test recorded. `dead` is written by a process that is about to kill itself, or by the test that killed it.
 */
export interface RunLine {
  readonly what: "start" | "end" | "abort" | "dead";
  readonly pid: number;
  readonly job?: string;
  readonly run?: string;
  readonly attempt?: number;
  /** Wall clock of this machine. */
  readonly at: number;
}

/** Appends one line. Appends of one line are atomic, so several processes may share the file. */
export function appendLine(
  file: string,
  line: Omit<RunLine, "pid" | "at">,
  pid = process.pid,
): void {
  appendFileSync(file, `${JSON.stringify({ ...line, pid, at: realNow() })}\n`);
}

/** Not `Date.now`, which some of these tests shift. */
export function realNow(): number {
  return performance.timeOrigin + performance.now();
}

export function readLines(file: string): RunLine[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as RunLine);
}

/**
 * How many attempts of a job went on at once at most. An attempt ends with its line, with its process, or when a later
 * attempt of the same run starts: from then on it is fenced, and nothing of it is recorded.
 */
export function mostAtOnce(lines: readonly RunLine[], job: string): number {
  const going = new Map<string, RunLine>();
  let most = 0;
  for (const line of lines) {
    if (line.what === "dead") {
      for (const [run, { pid }] of going) if (pid === line.pid) going.delete(run);
    } else if (line.job === job && line.run !== undefined) {
      const holder = going.get(line.run);
      if (line.what === "start") going.set(line.run, line);
      else if (line.what === "end" && holder?.attempt === line.attempt) going.delete(line.run);
      most = Math.max(most, going.size);
    }
  }
  return most;
}
