import { CommandContext } from "./command-context.ts";
import { EXIT } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { makeProgram } from "./program.ts";
import { tellError } from "./tell-error.ts";

/**
 * Runs a command line. Nothing is thrown: what goes wrong is told on standard error.
 * @param argv The words after the program's name.
 * @returns The exit code.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const context = new CommandContext(io);
  try {
    await makeProgram(context).parseAsync([...argv], { from: "user" });
    return context.exitCode ?? (io.signal.aborted ? EXIT.interrupt : EXIT.ok);
  } catch (error) {
    return tellError(error, io);
  }
}
