import { type ChildProcess, fork } from "node:child_process";
import { childProgram } from "./child-program.ts";
import { LIFE_LINE_FD } from "./child-protocol.ts";

/** Node arguments that a child must not inherit: the program itself, and a debugger's port, which is already taken. */
const NOT_INHERITED = /^--(?:inspect|watch|test|input-type|eval|print|check)/;
const WITH_TEXT = new Set(["-e", "-p", "-pe", "--eval", "--print"]);

/** Node arguments that make a child understand the same files as this process, such as a TypeScript loader. */
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
 * Starts a process that waits for a run. It dies with this process, whatever it is doing.
 * @throws {@link CronduitError} `NOT_IN_BUNDLE` if its program is missing
 */
export function startChild(): ChildProcess {
  const child = fork(childProgram(), [], {
    execArgv: inheritedArguments(),
    // Its own process group, so that its children can be killed with it, and Ctrl-C in a terminal leaves it to its worker.
    detached: process.platform !== "win32",
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc", "pipe"],
  });
  // Once it is killed, pending writes to it fail.
  child.stdio[LIFE_LINE_FD]?.on("error", () => undefined);
  return child;
}

/** Kills a child process and its children. */
export function killChild(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  try {
    if (process.platform !== "win32") process.kill(-pid, "SIGKILL");
  } catch {
    // Its group is empty.
  }
  child.kill("SIGKILL");
}
