import { type ChildProcess, fork } from "node:child_process";
import { childProgram } from "./child-program.ts";
import { LIFE_LINE_FD } from "./child-protocol.ts";

/** Arguments of Node that are about the program that was started and not about how: a debugger's port is taken already. */
const NOT_INHERITED = /^--(?:inspect|watch|test|input-type|eval|print|check)/;
const WITH_TEXT = new Set(["-e", "-p", "-pe", "--eval", "--print"]);

/** What to give Node so that it understands the same files as this process: a loader for TypeScript, say. */
function inheritedArguments(): string[] {
  const kept: string[] = [];
  for (let i = 0; i < process.execArgv.length; i += 1) {
    const argument = process.execArgv[i] ?? "";
    if (WITH_TEXT.has(argument)) i += 1;
    else if (!NOT_INHERITED.test(argument)) kept.push(argument);
  }
  return kept;
}

/**
 * Starts a process that waits for a run. It ends when this process does, whatever it is doing then.
 * @throws {@link CronduitError} `NOT_IN_BUNDLE` if there is no program for it
 */
export function startChild(): ChildProcess {
  const child = fork(childProgram(), [], {
    execArgv: inheritedArguments(),
    // A group of its own, so that what it starts can be ended with it, and Ctrl-C in a terminal leaves it to its worker.
    detached: process.platform !== "win32",
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc", "pipe"],
  });
  // When it is killed, what is still to be written to it finds nobody.
  child.stdio[LIFE_LINE_FD]?.on("error", () => undefined);
  return child;
}

/** Ends a child process for certain, and what it started. */
export function killChild(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  try {
    if (process.platform !== "win32") process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left of its group.
  }
  child.kill("SIGKILL");
}
