// Functions that tasks of the tests call.
import type { RunContext } from "../../src/index.ts";

export const notAFunction = 1;

export async function report({ params, jobId, log, step, signal }: RunContext): Promise<unknown> {
  log.info("at work");
  const rows = await step("count", () => 3);
  return { params, jobId, rows, isAborted: signal.aborted };
}

export function failing(): never {
  throw new RangeError("of no use");
}

export async function waiting({ signal, log }: RunContext): Promise<string> {
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  log.info("told to stop");
  return "stopped";
}

export function deaf(): Promise<never> {
  return new Promise(() => undefined);
}

export default function byDefault(): string {
  return "the default";
}
