import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { TaskError } from "../task-error.ts";
import type { OtherUser } from "./run-as.ts";
import { GATE, GATE_OF_OTHER_USER } from "./shell-programs.ts";

export const SHELL = "/bin/sh";
const GATE_FD = 3;
/** The unit of `ulimit -f`, by POSIX. */
const BLOCKS_PER_MIB = 2_048;
/** By which its processes are found when nothing else tells whose they are. */
const MARK = "CRONDUIT_PROCESS_TREE";

/** Limits that the system keeps, of each process. */
export interface ProgramLimits {
  readonly maxMemoryMb?: number | undefined;
  readonly maxCpuSeconds?: number | undefined;
  readonly maxFileMb?: number | undefined;
  readonly maxOpenFiles?: number | undefined;
}

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
  /** What it can read from its standard input. */
  readonly stdin?: string | undefined;
  /** Of each of its processes. */
  readonly limits?: ProgramLimits | undefined;
  /** Whom it runs as, if not as this process does. */
  readonly user?: OtherUser | undefined;
  /** What it needs on the disk. */
  readonly folder?: ProgramFolder | undefined;
}

/** A process that waits at the gate to become its program. */
export interface Child {
  readonly pid: number;
  /** What all its processes have in their environment, and no others. */
  readonly mark: string;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly gone: Promise<ProgramEnd>;
  /** Its output has been read to the end. */
  readonly closed: Promise<unknown>;
  /** Opens the gate. */
  begin(): void;
  /** Closes what this process has of it. */
  letGo(): void;
}

/** How a program ended: by its exit code, or by a signal. */
export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** @throws {@link TaskError} `PROGRAM_NOT_STARTED` */
export async function startProgram(program: ProgramToRun): Promise<Child> {
  const { file, stdin, user } = program;
  const id = randomUUID();
  const env = { ...program.env, [MARK]: id };
  const [shell, ...args] = wordsOf(program);
  try {
    const child = spawn(shell, args, {
      // Another user enters the folder itself, and gets its environment when nothing is left of root.
      cwd: user ? "/" : program.cwd,
      env: user ? { PATH: "/usr/bin:/bin" } : env,
      // A session of its own: so it can be killed as a whole, and Ctrl-C in a terminal leaves it to its worker.
      detached: true,
      stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe", "pipe"],
    });
    const gone = new Promise<ProgramEnd>((resolve) => {
      child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
    });
    const closed = new Promise((resolve) => child.once("close", resolve));
    await once(child, "spawn");
    const { pid, stdout, stderr } = child;
    const gate = child.stdio[GATE_FD] as Writable | null | undefined;
    if (pid === undefined || !stdout || !stderr || !gate) throw new Error("it has no pipes");
    // Once it is gone, what is written to it fails; and a program need not read its input.
    for (const pipe of [gate, child.stdin]) pipe?.on("error", () => undefined);
    const begin = (): void => {
      gate.end(`${user ? variables(env) : ""}go\n`);
      child.stdin?.end(stdin);
    };
    const letGo = (): void => {
      for (const pipe of [child.stdin, stdout, stderr, gate]) pipe?.destroy();
    };
    return { pid, mark: `${MARK}=${id}`, stdout, stderr, gone, closed, begin, letGo };
  } catch (error) {
    throw notStarted(file, error);
  }
}

function wordsOf({ file, args, cwd, limits = {}, user }: ProgramToRun): [string, ...string[]] {
  const { maxMemoryMb, maxCpuSeconds, maxFileMb, maxOpenFiles } = limits;
  const limited = [
    maxMemoryMb === undefined ? "" : maxMemoryMb * 1_024,
    maxCpuSeconds ?? "",
    maxFileMb === undefined ? "" : maxFileMb * BLOCKS_PER_MIB,
    maxOpenFiles ?? "",
  ].map(String);
  const words = [...limited, file, ...args];
  return user
    ? [...user.become, SHELL, "-c", GATE_OF_OTHER_USER, "sh", cwd, ...words]
    : [SHELL, "-c", GATE, "sh", ...words];
}

/** As the gate of another user reads them. */
function variables(env: Readonly<Record<string, string>>): string {
  const written = Object.entries(env)
    // Others are no variables to a shell.
    .filter(([name]) => /^[A-Za-z_]\w*$/.test(name))
    .map((pair) => pair.join("=").replaceAll("\\", "\\\\").replaceAll("\n", "\\n"));
  return written.map((line) => `${line}\n`).join("");
}

/** Why a process of a program could not be started. */
export function notStarted(file: string, cause: unknown): TaskError {
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
