import { createInterface } from "node:readline/promises";
import type { Call } from "./call.ts";
import { CliError } from "./cli-error.ts";

/** A question that can be answered by yes or no. */
export interface Question {
  /** What it is about, and what happens on yes. */
  readonly text: string;
  /** What an empty answer means. @default no */
  readonly isYesUsual?: boolean;
  /** What would have been asked, if nobody can be; as a part of a sentence. */
  readonly what: string;
}

/**
 * Asks the person at the terminal.
 * @returns whether the answer is yes; `--yes` is one
 * @throws {@link CliError} `NOT_CONFIRMED` if nobody can be asked, `INTERRUPTED`
 */
export async function confirm(
  { io, read: { values } }: Pick<Call, "io" | "read">,
  { text, isYesUsual = false, what }: Question,
): Promise<boolean> {
  if (values.yes) return true;
  const isAnybodyThere = io.stdin.isTTY === true && io.stderr.isTerminal;
  if (values.noInput || !isAnybodyThere)
    throw new CliError(
      "NOT_CONFIRMED",
      `${what} would be asked first, and nobody can be.`,
      "--yes",
    );
  io.stderr.write(`${text} ${isYesUsual ? "[Y/n]" : "[y/N]"} `);
  const lines = createInterface({ input: io.stdin });
  try {
    const answer = await new Promise<string | undefined>((resolve) => {
      lines.once("line", resolve).once("close", () => resolve(undefined));
      io.signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    if (io.signal.aborted) throw new CliError("INTERRUPTED", "Nothing was done.");
    if (answer === undefined) return false;
    return answer.trim() === "" ? isYesUsual : /^y(?:es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
