import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** How a process exited. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const living = new Map<ChildProcess, string>();

/** Tracks a child process until it exits, so that {@link killLeftovers} finds one left behind. */
export function track(child: ChildProcess, name: string): void {
  living.set(child, name);
  child.once("exit", () => living.delete(child));
  child.once("error", () => living.delete(child));
}

/** Kills what is left. @returns What it killed. */
export async function killLeftovers(): Promise<string[]> {
  const leftovers = [...living];
  await Promise.all(leftovers.map(([child]) => end(child, "SIGKILL")));
  return leftovers.map(([child, name]) => `${name} (pid ${child.pid})`);
}

/** Signals exactly this process and waits until it is gone; sends SIGKILL after 10 s. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<Exit> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const gone = once(child, "exit");
    child.kill(signal);
    const insist = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await gone;
    clearTimeout(insist);
  }
  return { code: child.exitCode, signal: child.signalCode };
}

/** The tail of a process's output, for error messages. */
export function outputOf(child: ChildProcess): () => string {
  let text = "";
  const keep = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-4_000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return () => text.trim();
}
