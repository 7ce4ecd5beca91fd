import { type ExitCode, EXIT } from "./exit-codes.ts";

/** Codes of errors that only the command line has, with their exit codes and meanings; `docs/command-line.md` has them, too. */
export const CLI_CODES = {
  USAGE: {
    exit: EXIT.usage,
    meaning: "The command can't be read: an unknown word, a missing one.",
  },
  INVALID_SETTING: {
    exit: EXIT.usage,
    meaning: "A setting has a wrong value, in a flag, a variable or a file.",
  },
  UNKNOWN_VARIABLE: {
    exit: EXIT.usage,
    meaning: "There is no setting of a `CRONDUIT_` variable's name.",
  },
  INVALID_FILE: { exit: EXIT.usage, meaning: "A file that was named can't be read." },
  PIPELINES_NOT_LOADED: {
    exit: EXIT.usage,
    meaning:
      "A module of `--pipelines` can't be loaded, exports no pipeline, or one whose name is taken.",
  },
  NOT_CONFIRMED: {
    exit: EXIT.usage,
    meaning:
      "It would have been asked first, and nobody can be asked: no terminal, or `--no-input`.",
  },
  NO_FLEET: {
    exit: EXIT.unreachable,
    meaning: "No daemon answers, and neither a connection nor a URL is set.",
  },
  UNREACHABLE: { exit: EXIT.unreachable, meaning: "The daemon or the URL does not answer." },
  RUN_FAILED: { exit: EXIT.failed, meaning: "The run that was waited for did not succeed." },
  PARTIAL: { exit: EXIT.partial, meaning: "Of several things, some were done and some not." },
  INTERRUPTED: { exit: EXIT.interrupt, meaning: "Ctrl-C, or a signal." },
  SOCKET_IN_USE: {
    exit: EXIT.conflict,
    meaning: "Another daemon listens at the socket.",
  },
  SOCKET_REFUSED: {
    exit: EXIT.usage,
    meaning: "The socket can't be made there, or others could replace it.",
  },
  PORT_REFUSED: {
    exit: EXIT.conflict,
    meaning: "The port can't be listened on: another program does, or it is not allowed.",
  },
  PUBLIC_WITHOUT_NAME: {
    exit: EXIT.usage,
    meaning: "Others could reach the server, and `public_url` does not say by what name.",
  },
  PUBLIC_WITHOUT_ACCOUNTS: {
    exit: EXIT.usage,
    meaning: "Others could reach the server, and there is neither an administrator nor an issuer.",
  },
  SOCKET_PATH_TOO_LONG: {
    exit: EXIT.usage,
    meaning: "The folder's path is too long for a socket in it, and there is no other place.",
  },
} as const satisfies Readonly<Record<string, { exit: ExitCode; meaning: string }>>;

/** A code of {@link CLI_CODES}. */
export type CliCode = keyof typeof CLI_CODES;

/** What the command line itself refuses or can't do: one sentence, and one way out. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: CliCode;
  /** What to do; a command, as a rule. */
  readonly hint: string;

  /** @param message One sentence. */
  constructor(code: CliCode, message: string, hint = "", options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }

  get exit(): ExitCode {
    return CLI_CODES[this.code].exit;
  }
}
