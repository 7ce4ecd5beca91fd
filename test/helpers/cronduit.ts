// The command line as people start it: the real program, in a process of its own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Exit } from "./children.ts";
import { type Program, startProgram } from "./process.ts";

/** A line of the daemon's log, in JSON. */
export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly message: string;
  readonly jobId?: string;
  readonly runId?: string;
  readonly status?: string;
  readonly durationMs?: number;
}

/** Settings of the machine must not reach into tests. */
const CLEAN: Readonly<Record<string, undefined>> = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => name.startsWith("CRONDUIT_"))
    .map((name) => [name, undefined]),
);

/** Starts `cronduit` with these words; it is gone when the test is over. */
export function cronduit(...args: string[]): Program {
  return cronduitIn(undefined, ...args);
}

/** The same in a folder. */
export function cronduitIn(cwd: string | undefined, ...args: string[]): Program {
  const program = startProgram("src/cli/bin.ts", {
    args,
    cwd,
    env: { ...CLEAN, NO_COLOR: "1", TZ: "UTC" },
  });
  onTestFinished(async () => {
    await program.kill("SIGKILL");
  });
  return program;
}

/** Starts a daemon that logs in JSON, and waits until it is ready. */
export async function startDaemon(...args: string[]): Promise<Program> {
  const daemon = cronduit("start", "--log-format", "json", ...args);
  await daemon.waitFor(says(/^ready: /));
  return daemon;
}

/** How a command ended, and what it wrote. */
export async function runCronduit(
  ...args: string[]
): Promise<Exit & { readonly output: string; readonly answers: readonly unknown[] }> {
  const program = cronduit(...args);
  const exit = await program.exited();
  return { ...exit, output: program.output(), answers: program.messages };
}

/** A line of the log whose message matches. */
export function says(message: RegExp) {
  return (line: unknown): line is LogLine => message.test((line as LogLine).message);
}

/** The line of an execution of a job. */
export function executed(jobId: string, status?: string) {
  return (line: unknown): line is LogLine => {
    const { jobId: id, runId, durationMs, status: told } = line as LogLine;
    const isExecution = id === jobId && runId !== undefined && durationMs !== undefined;
    return isExecution && (status === undefined || told === status);
  };
}

/** A folder for one test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "cronduit-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
