import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { systemClock, within } from "../../core/clock.ts";
import { eachLine } from "../../execution/output-lines.ts";
import { TaskError } from "../task-error.ts";
import { ProcessTree } from "./process-tree.ts";
import { GATE, GUARD } from "./shell-programs.ts";

const SHELL = "/bin/sh";
const GATE_FD = 3;
/** How long output may still arrive when the program is gone: somebody else may have its pipe. */
const LEAVE_MS = 2_000;

/** A folder that is there as long as a program runs, and no longer, whatever happens to the worker. */
export interface ProgramFolder {
  readonly path: string;
  /** Makes it. Called when somebody watches who would delete it. */
  make(): Promise<void>;
}

/** A program with all that it is given. */
export interface ProgramToRun {
  /** The whole path. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Of each of its processes. */
  readonly maxMemoryMb?: number | undefined;
  /** What it needs on the disk. */
  readonly folder?: ProgramFolder | undefined;
}

/** What to do with a program while it runs. */
export interface Supervision {
  /** Aborts when it is to end. */
  readonly stop: AbortSignal;
  /** How long it has between SIGTERM and SIGKILL; asked when it is told to stop. */
  readonly graceMs: () => number;
  readonly take: (line: string, from: "stdout" | "stderr") => void;
}

/** How a program ended: by its exit code, or by a signal. */
export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs a program to its end, in a session of its own. When this returns, nothing of it is left but what has left its group by
 * itself; if it was stopped, not even that. If this process dies, the program is killed.
 * @throws {@link TaskError} `PROGRAM_NOT_STARTED`
 */
export async function supervise(
  program: ProgramToRun,
  { stop, graceMs, take }: Supervision,
): Promise<ProgramEnd> {
  stop.throwIfAborted();
  const child = await start(program);
  const tree = new ProcessTree(child.pid);
  let guard: Guard | undefined;
  let cancelKill = (): void => undefined;
  const onStop = (): void => {
    tree.signal("SIGTERM");
    cancelKill = systemClock.after(graceMs(), () => tree.kill());
  };
  const flushes = [
    eachLine(child.stdout, (line) => take(line, "stdout")),
    eachLine(child.stderr, (line) => take(line, "stderr")),
  ];
  stop.addEventListener("abort", onStop, { once: true });
  // It may have been told to stop while it was being started.
  if (stop.aborted) onStop();
  try {
    guard = await watchOver(child, program.folder?.path);
    await program.folder?.make();
    child.gate.end("go\n");
    const end = await child.gone;
    if (stop.aborted) tree.kill();
    else tree.signalGroup("SIGKILL");
    await within(systemClock, LEAVE_MS, child.closed);
    for (const flush of flushes) flush();
    return end;
  } catch (error) {
    tree.kill();
    await child.gone;
    throw error;
  } finally {
    stop.removeEventListener("abort", onStop);
    cancelKill();
    await guard?.release();
    for (const stream of [child.stdout, child.stderr, child.gate]) stream.destroy();
  }
}

interface Child {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly gate: Writable;
  readonly gone: Promise<ProgramEnd>;
  /** Its output has been read to the end. */
  readonly closed: Promise<unknown>;
}

/** Starts its process, which waits at the gate. */
async function start(program: ProgramToRun): Promise<Child> {
  const { file, args, cwd, env, maxMemoryMb } = program;
  const limit = maxMemoryMb === undefined ? "" : String(maxMemoryMb * 1_024);
  try {
    const child = spawn(SHELL, ["-c", GATE, "sh", limit, file, ...args], {
      cwd,
      env: { ...env },
      // A session of its own: so it can be killed as a whole, and Ctrl-C in a terminal leaves it to its worker.
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const gone = new Promise<ProgramEnd>((resolve) => {
      child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
    });
    const closed = new Promise((resolve) => child.once("close", resolve));
    await once(child, "spawn");
    const { pid, stdout, stderr } = child;
    const gate = child.stdio[GATE_FD] as Writable | null | undefined;
    if (pid === undefined || !stdout || !stderr || !gate) throw new Error("it has no pipes");
    // Once it is gone, what is written to it fails.
    gate.on("error", () => undefined);
    return { pid, stdout, stderr, gate, gone, closed };
  } catch (error) {
    throw notStarted(file, error);
  }
}

interface Guard {
  /** Tells it that there is nothing left to guard. */
  release(): Promise<void>;
}

/** Starts the process that outlives this one, if need be. */
async function watchOver({ pid }: Child, folder = ""): Promise<Guard> {
  let guard: ChildProcess;
  try {
    guard = spawn(SHELL, ["-c", GUARD, "sh", String(pid), folder], {
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    await once(guard, "spawn");
  } catch (error) {
    throw notStarted("the guard of the program", error);
  }
  const ended = new Promise((resolve) => guard.once("exit", resolve));
  guard.stdin?.on("error", () => undefined);
  return {
    async release() {
      guard.stdin?.end("done\n");
      await ended;
    },
  };
}

function notStarted(file: string, cause: unknown): TaskError {
  const { code, message } = cause as { readonly code?: string; readonly message: string };
  const why =
    code === "ENOENT"
      ? `${SHELL} is missing, by which programs are started`
      : code === "E2BIG"
        ? "its arguments and environment are longer than the system allows (E2BIG)"
        : (code ?? message);
  return new TaskError("PROGRAM_NOT_STARTED", `${file} could not be started: ${why}.`, {
    data: { program: file, ...(code === undefined ? {} : { reason: code }) },
    cause,
  });
}
