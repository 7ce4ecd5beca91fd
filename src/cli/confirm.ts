import { createInterface } from "node:readline/promises";
import type { Call } from "./call.ts";
import { CliError } from "./cli-error.ts";

/**
 * Asks before something is done; `--yes` is the answer beforehand.
 * @throws {@link CliError} `NOT_CONFIRMED` if nobody can be asked
 */
export async function confirm(call: Call, question = "Continue?"): Promise<boolean> {
  if (call.read.values.yes) return true;
  const answer = await askFor(call, `${question} [y/N] `, "--yes");
  const isYes = /^y(?:es)?$/i.test(answer.trim());
  if (!isYes) call.tell("Nothing was done.");
  return isYes;
}

/**
 * Asks which of some words is meant; nothing means the first.
 * @param flag What answers beforehand.
 * @throws {@link CliError} `NOT_CONFIRMED` if nobody can be asked
 */
export async function choose<const T extends string>(
  call: Call,
  { question, words, flag }: { question: string; words: readonly [T, ...T[]]; flag: string },
): Promise<T> {
  for (;;) {
    const answer = (await askFor(call, `${question} [${words.join("/")}] `, flag)).trim();
    const found = answer === "" ? words[0] : words.find((word) => word.startsWith(answer));
    if (found !== undefined) return found;
  }
}

async function askFor(call: Call, question: string, flag: string): Promise<string> {
  const { io, read } = call;
  if (read.values.noInput || io.stdin.isTTY !== true)
    throw new CliError(
      "NOT_CONFIRMED",
      "This asks first, and there is nobody to ask.",
      `Say ${flag}.`,
    );
  // What is asked is no data; the terminal itself shows what is typed.
  io.stderr.write(question);
  const lines = createInterface({ input: io.stdin, terminal: false });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("close", () => resolve(""));
      io.signal.addEventListener(
        "abort",
        () => reject(new CliError("INTERRUPTED", "Interrupted.")),
        { once: true },
      );
    });
  } finally {
    lines.close();
  }
}
