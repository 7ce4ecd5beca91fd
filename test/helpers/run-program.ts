import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { track } from "../../scripts/children.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LIMIT_MS = 55_000;

/** A program's exit and both of its outputs. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/**
 * Runs a program of this repository as its user would, with tsx, to its end.
 * @param stop Ends it by SIGTERM.
 */
export async function runProgram(
  file: string,
  options: {
    readonly args?: readonly string[];
    readonly env?: Record<string, string>;
    readonly stop?: AbortSignal;
    readonly limitMs?: number;
  } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, ["--import", "tsx", file, ...(options.args ?? [])], {
    cwd: ROOT,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  track(child, file);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  options.stop?.addEventListener("abort", () => child.kill("SIGTERM"), { once: true });
  const limit = setTimeout(() => child.kill("SIGKILL"), options.limitMs ?? LIMIT_MS);
  await once(child, "close");
  clearTimeout(limit);
  return { code: child.exitCode, output };
}
