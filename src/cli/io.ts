import type { Clock } from "../core/clock.ts";

/** Where a command writes. */
export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
}

/** All that a command knows of the process that it runs in, so that tests can run it in theirs. */
export interface Io {
  /** Data goes here, and nothing else. */
  readonly stdout: Output;
  /** What people are told beside: questions, counts, errors. */
  readonly stderr: Output;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The working directory. */
  readonly cwd: string;
  /** Columns of the terminal; `undefined` without one. */
  readonly columns: number | undefined;
  /** Whose changes they are. */
  readonly userName: string;
  readonly uid: number | undefined;
  readonly clock: Clock;
  /** Aborts at Ctrl-C. Whatever waits ends then; a second time ends the process. */
  readonly signal: AbortSignal;
}
