import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { compiledPath } from "./compiled.ts";
import { track } from "../../scripts/children.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LIMIT_MS = 55_000;

/** A program's exit and both of its outputs. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/**
 * Runs a program of this repository to its end.
 * @param stop Ends it by SIGTERM.
 * @param isTypeScript Runs it with tsx, as its user would. @default false: compiled, which starts sooner
 */
export async function runProgram(
  file: string,
  options: {
    readonly args?: readonly string[];
    readonly env?: Record<string, string>;
    readonly stop?: AbortSignal;
    readonly limitMs?: number;
    readonly isTypeScript?: boolean;
  } = {},
): Promise<Ended> {
  const program = options.isTypeScript ? ["--import", "tsx", file] : [compiledPath(file)];
  const child = spawn(process.execPath, [...program, ...(options.args ?? [])], {
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
