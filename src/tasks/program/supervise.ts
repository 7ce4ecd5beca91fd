import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { systemClock, within } from "../../core/clock.ts";
import { eachLine } from "../../execution/output-lines.ts";
import { ProcessTree } from "./process-tree.ts";
import { GUARD } from "./shell-programs.ts";
import {
  type Child,
  notStarted,
  type ProgramEnd,
  type ProgramToRun,
  SHELL,
  startProgram,
} from "./start-program.ts";

/** How long output may still arrive when the program is gone: somebody else may have its pipe. */
const LEAVE_MS = 2_000;

/** What to do with a program while it runs. */
export interface Supervision {
  /** Aborts when it is to end. */
  readonly stop: AbortSignal;
  /** How long it has between SIGTERM and SIGKILL; asked when it is told to stop. */
  readonly graceMs: () => number;
  readonly take: (line: string, from: "stdout" | "stderr") => void;
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
  const child = await startProgram(program);
  const tree = new ProcessTree(child.pid, child.mark);
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
    child.begin();
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
    child.letGo();
  }
}

interface Guard {
  /** Tells it that there is nothing left to guard. */
  release(): Promise<void>;
}

/** Starts the process that outlives this one, if need be. */
async function watchOver({ pid, mark }: Child, folder = ""): Promise<Guard> {
  let guard: ChildProcess;
  try {
    guard = spawn(SHELL, ["-c", GUARD, "sh", String(pid), mark, folder], {
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
