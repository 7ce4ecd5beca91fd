import { constants } from "node:os";
import { formatDuration } from "../../core/durations.ts";
import { shownUpTo } from "../../core/shown.ts";
import type { ParamsSchema } from "../../pipeline/params-schema.ts";
import type { RunContext } from "../../pipeline/run-context.ts";
import { OutputLog } from "../output-log.ts";
import { maskOf, readSecret } from "../secret-references.ts";
import { TaskError } from "../task-error.ts";
import type { CommandLine, ResolvedSettings } from "../task-settings.ts";
import { TimeLimit } from "../time-limit.ts";
import { inherited, runVariables } from "./environment.ts";
import { checkWorkingDirectory, findProgram } from "./find-program.ts";
import type { ProgramResult, ReadProgramOptions } from "./program-options.ts";
import { becoming, homeOf } from "./run-as.ts";
import type { ProgramEnd, ProgramFolder } from "./start-program.ts";
import { supervise } from "./supervise.ts";

/** A run is abandoned three seconds after it was told to end: by then its program should be gone. */
const MAX_GRACE_MS = 2_500;

/** A command line with its limits, and what it needs on the disk. */
export interface ProgramTask {
  readonly line: CommandLine;
  readonly options: ReadProgramOptions;
  readonly folder?: ProgramFolder | undefined;
  readonly stdin?: string | undefined;
  /** Whom it runs as, if not as the worker. */
  readonly user?: string | undefined;
}

/** Failed or not, how it ended is in the ledger. */
export type ProgramOutcome = ProgramResult & { readonly error?: TaskError };

/**
 * Runs a command line as a run's work.
 * @throws {@link TaskError} if it can't be started or took too long; the reason of the run's end if it was told to end
 */
export async function performProgram(
  { line, options, folder, stdin, user: name }: ProgramTask,
  context: RunContext<ParamsSchema>,
  settings: ResolvedSettings,
): Promise<ProgramOutcome> {
  const [word = "", ...args] = line;
  const user = name === undefined ? undefined : await becoming(name);
  const secrets = await secretsOf(options, settings);
  const env = {
    ...inherited(settings.environment, settings.inherit),
    ...user?.env,
    ...options.env,
    ...secrets,
    ...runVariables(context),
  };
  const cwd = options.cwd === "~" ? homeOf(env) : options.cwd;
  await checkWorkingDirectory(cwd);
  const file = await findProgram(word, cwd, env["PATH"] ?? "");
  const output = new OutputLog(context.log, options.maxOutputBytes, maskOf(Object.values(secrets)));
  using limit = new TimeLimit(context.signal, options.timeout, "The program");
  const end = await supervise(
    { file, args, cwd, env, stdin, limits: options, folder, user },
    {
      stop: limit.signal,
      graceMs: () => (limit.isRunOver ? Math.min(options.grace, MAX_GRACE_MS) : options.grace),
      take: (text, from) => output.take(text, from),
    },
  );
  const counts = output.end();
  context.signal.throwIfAborted();
  const error = limit.reason ?? failureOf(end, options, output.lastWords);
  const result = { success: error === undefined, ...end, ...counts };
  return error === undefined ? result : { ...result, error };
}

/** Why the end of a program is none that means success; `undefined` if it is one. */
function failureOf(
  { exitCode, signal }: ProgramEnd,
  options: ReadProgramOptions,
  lastWords: string | undefined,
): TaskError | undefined {
  const { successCodes, retryCodes } = options;
  if (exitCode !== null && successCodes.includes(exitCode)) return undefined;
  const code = exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  const how =
    exitCode === null
      ? `was ended by the signal ${signal}${limitBehind(signal, options)}`
      : `ended with exit code ${exitCode}`;
  const said = lastWords === undefined ? "" : ` Its last words: ${shownUpTo(500, lastWords)}`;
  return new TaskError("TASK_FAILED", `The program ${how}.${said}`, {
    data: { exitCode, signal },
    retryable: retryCodes === undefined || retryCodes.includes(code),
  });
}

/** Which limit a signal speaks of. */
function limitBehind(
  signal: NodeJS.Signals | null,
  { maxCpuSeconds, maxFileMb }: ReadProgramOptions,
): string {
  if (signal === "SIGXCPU" && maxCpuSeconds !== undefined)
    return `: it used more than ${formatDuration(maxCpuSeconds * 1_000)} of processor time`;
  if (signal === "SIGXFSZ" && maxFileMb !== undefined)
    return `: it wrote a file larger than ${maxFileMb.toLocaleString("en")} MiB`;
  return "";
}

async function secretsOf(
  { secrets }: ReadProgramOptions,
  { environment, secrets: grants }: ResolvedSettings,
): Promise<Record<string, string>> {
  const read: Record<string, string> = {};
  for (const [name, reference] of Object.entries(secrets))
    read[name] = await readSecret(reference, { environment, grants });
  return read;
}
