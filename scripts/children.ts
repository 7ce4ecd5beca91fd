import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const living = new Map<ChildProcess, string>();

/** Notes a child process until it ends, so that one that is left behind is found by {@link killLeftovers}. */
export function track(child: ChildProcess, name: string): void {
  living.set(child, name);
  child.once("exit", () => living.delete(child));
  child.once("error", () => living.delete(child));
}

/** Kills what is left, and says what it was. */
export async function killLeftovers(): Promise<string[]> {
  const leftovers = [...living];
  await Promise.all(leftovers.map(([child]) => end(child, "SIGKILL")));
  return leftovers.map(([child, name]) => `${name} (pid ${child.pid})`);
}

/** Sends a signal to exactly this process and waits until it is gone; SIGKILL follows if that takes 10 s. */
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

/** The end of what a process printed, for error messages. */
export function outputOf(child: ChildProcess): () => string {
  let text = "";
  const keep = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-4_000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return () => text.trim();
}
