import { CommanderError } from "commander";
import { ApiError } from "../api/client/api-error.ts";
import { isCronduitError } from "../core/errors.ts";
import { CliError } from "./cli-error.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { harmless } from "./output/harmless.ts";
import { paintFor } from "./output/paint.ts";

/** What is told of an error: a sentence, a way out, a code. */
interface Told {
  readonly message: string;
  readonly hint: string;
  readonly code: string;
  readonly exit: ExitCode;
}

/** Tells an error on standard error, in one line, and answers its exit code. */
export function tellError(error: unknown, io: Io): number {
  // Help and the version were asked for, and have been written.
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  if (io.signal.aborted) {
    io.stderr.write("Interrupted.\n");
    return EXIT.interrupt;
  }
  const { message, hint, code, exit } = toldOf(error);
  const paint = paintFor(io.stderr, io.env);
  const said = [harmless(message), harmless(hint)].filter((part) => part !== "").join("   ");
  io.stderr.write(
    `${paint("bad", "error")} ${said}   ${paint("quiet", `${code} (exit ${exit})`)}\n`,
  );
  return exit;
}

function toldOf(error: unknown): Told {
  if (error instanceof CliError) return error;
  if (error instanceof CommanderError) return toldOfUsage(error);
  if (error instanceof ApiError) {
    const { code, problem } = error;
    return {
      message: problem.message,
      hint: hintFor(code, problem.hint),
      code,
      exit: exitCodeOf(code),
    };
  }
  if (isCronduitError(error)) {
    const { code } = error;
    // The hint says what to do here.
    const message = error.message.replace(/ Check the server and the connection option\.$/, "");
    return { message, hint: hintFor(code, ""), code, exit: exitCodeOf(code) };
  }
  const { stack, message } = error instanceof Error ? error : new Error(String(error));
  return {
    message: `A fault of cronduit: ${message}`,
    hint: (stack ?? "")
      .split("\n")
      .slice(1, 4)
      .map((line) => line.trim())
      .join(" "),
    code: "INTERNAL",
    exit: EXIT.fault,
  };
}

/** What to do at a terminal, where that is not what a program does. */
const HINTS: Readonly<Record<string, string>> = {
  JOB_NOT_FOUND: "cronduit job list --all",
  RUN_NOT_FOUND: "cronduit run list",
  ACCOUNT_NOT_FOUND: "cronduit user list",
  CONNECTION_FAILED: "Is it running? Set --connection or CRONDUIT_CONNECTION.",
  SCHEMA_OUTDATED: "cronduit migrate",
  NOT_AUTHENTICATED: "Set CRONDUIT_TOKEN, or --token-file.",
  REVISION_CHANGED: "Somebody changed it meanwhile: look, and try again.",
};

function hintFor(code: string, otherwise: string): string {
  return HINTS[code] ?? otherwise;
}

/** What commander says, in our form: its sentence ends without a stop, and what was meant stands in a line of its own. */
function toldOfUsage({ message }: CommanderError): Told {
  const [first = "", meant = ""] = message.replace(/^error: /, "").split("\n");
  const sentence = first.charAt(0).toUpperCase() + first.slice(1).replaceAll("'", '"');
  const suggestion = meant.replace(/^\((.*)\)$/, "$1");
  return {
    message: `${/[.?!]$/.test(sentence) ? sentence : `${sentence}.`}${suggestion === "" ? "" : ` ${suggestion}`}`,
    hint: "cronduit --help",
    code: "USAGE",
    exit: EXIT.usage,
  };
}
