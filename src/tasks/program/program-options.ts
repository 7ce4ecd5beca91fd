import { isAbsolute } from "node:path";
import { z } from "zod";
import { durationOption } from "../../jobs/duration-option.ts";
import { secretReferenceSchema } from "../secret-references.ts";
import { wordSchema } from "../word-schema.ts";
import { variablesSchema } from "./environment.ts";

/** How output is bounded if a task does not say: within what a run's log keeps by default. */
export const DEFAULT_OUTPUT_BYTES = 196_608;

/** Time and output, which every task bounds. */
export const limitShape = {
  timeout: durationOption("task.timeout").optional(),
  maxOutputBytes: z.int().min(1_024).max(16_777_216).default(DEFAULT_OUTPUT_BYTES),
};

/** The whole path of a file or folder. */
export function wholePathSchema(message: string, isElse = (_path: string): boolean => false) {
  const isWhole = (path: string): boolean => isAbsolute(path) && !path.includes("\0");
  return z
    .string()
    .max(4_096)
    .refine((path) => isWhole(path) || isElse(path), message);
}

const workingDirectorySchema = wholePathSchema(
  "must be a whole path, from /, or ~ for the home of the user",
  (path) => path === "~",
);

/** Words for a program. */
export const argumentsSchema = z.array(wordSchema()).max(1_000).default([]);

const exitCode = z.int().min(0).max(255);

/** What all tasks take that start a program. */
export const programShape = {
  ...limitShape,
  cwd: workingDirectorySchema.default("/"),
  env: variablesSchema(wordSchema()).default({}),
  secrets: variablesSchema(secretReferenceSchema).default({}),
  successCodes: z.array(exitCode).min(1).max(256).default([0]),
  retryCodes: z.array(exitCode).max(256).optional(),
  grace: durationOption("task.grace").default(2_000),
  maxMemoryMb: z.int().min(1).max(16_777_216).optional(),
  maxCpuSeconds: z.int().min(1).max(31_536_000).optional(),
  maxFileMb: z.int().min(1).max(16_777_216).optional(),
  maxOpenFiles: z.int().min(8).max(1_048_576).optional(),
};

const shape = z.strictObject(programShape);

/** The same, as read. */
export type ReadProgramOptions = z.output<typeof shape>;

/** What commands and scripts have in common. */
export interface ProgramOptions {
  /** The working directory, a whole path; `"~"` for what `HOME` says. @default "/" */
  cwd?: string | undefined;
  /** Variables beside those that are inherited. @default none */
  env?: Readonly<Record<string, string>> | undefined;
  /**
   * Variables whose values are secrets, by reference: `{ TOKEN: "env:API_TOKEN" }`, `{ KEY: "file:/run/secrets/key" }`. They are read by
   * the worker when the program starts, stored nowhere, and masked in its output.
   * @default none
   */
  secrets?: Readonly<Record<string, string>> | undefined;
  /** Exit codes that mean success. @default [0] */
  successCodes?: readonly number[] | undefined;
  /**
   * Exit codes after which another attempt may follow, if the job's `retry` allows it; for a program that a signal has ended, 128 and the
   * signal's number, as in a shell.
   * @default all that do not mean success
   */
  retryCodes?: readonly number[] | undefined;
  /** How long it may take: seconds, or `"5m"`. The job's own `timeout` holds besides. @default no limit */
  timeout?: number | string | undefined;
  /**
   * How long it has from SIGTERM to SIGKILL: seconds, or `"10s"`. At most 2.5 s if the run is cancelled, or its worker stops.
   * @default "2s"
   */
  grace?: number | string | undefined;
  /** How much of its output the run's log keeps, in bytes: the first half and the last. @default 196 608 */
  maxOutputBytes?: number | undefined;
  /** How much memory each of its processes may have for its data, in MiB. @default no limit */
  maxMemoryMb?: number | undefined;
  /** How much processor time each of its processes may use, in seconds; then it gets SIGXCPU, and SIGKILL a second later. @default no limit */
  maxCpuSeconds?: number | undefined;
  /** How large a file each of its processes may write, in MiB; then it gets SIGXFSZ. @default no limit */
  maxFileMb?: number | undefined;
  /** How many files each of its processes may have open. @default the worker's limit */
  maxOpenFiles?: number | undefined;
}

/** What a run of a program leaves in the ledger. */
export interface ProgramResult {
  readonly success: boolean;
  /** `null` if a signal has ended it. */
  readonly exitCode: number | null;
  /** The signal that has ended it, such as `"SIGKILL"`. */
  readonly signal: string | null;
  /** How many lines it wrote. */
  readonly outputLines: number;
  /** How many of them the run's log does not have. */
  readonly leftOutLines: number;
}
