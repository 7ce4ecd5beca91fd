import { resolve } from "node:path";
import { type Logger } from "../../core/log.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import type { SettingsRead } from "../settings.ts";
import { systemReason } from "../system-reason.ts";
import { daemonLog, type LogSink } from "./daemon-log.ts";
import { LogFiles } from "./log-files.ts";

/** The log of a process, and how it ends. */
export interface OpenLog {
  readonly logger: Logger;
  /** Waits until the files have all that was written. */
  readonly close: () => Promise<void>;
}

/**
 * The log that the settings ask for: lines on standard output, and perhaps in files.
 * @throws {@link CliError} `INVALID_SETTING` for a folder that can't be written
 */
export function openLog(
  { values, origins }: Pick<SettingsRead, "values" | "origins">,
  { stdout, stderr, clock, cwd }: Pick<Io, "stdout" | "stderr" | "clock" | "cwd">,
): OpenLog {
  const { logLevel: level, logFormat: format, logDir, logMaxSize: maxSize, logKeep: keep } = values;
  const terminal: LogSink = { write: (line) => stdout.write(`${line}\n`) };
  if (logDir === undefined)
    return {
      logger: daemonLog({ level, format, clock, sinks: [terminal] }),
      close: () => Promise.resolve(),
    };
  const folder = resolve(cwd, logDir);
  // In the files this trouble can't be told.
  const onTrouble = (message: string): void => stderr.write(`${message}\n`);
  let files: LogFiles;
  try {
    files = new LogFiles({ folder, maxSize, keep, clock, onTrouble });
  } catch (error) {
    throw new CliError(
      "INVALID_SETTING",
      `${origins.logDir.name}: nothing can be written to ${folder}: ${systemReason(error)}.`,
      "Name a folder that this user may write.",
      { cause: error },
    );
  }
  return {
    logger: daemonLog({ level, format, clock, sinks: [terminal, files] }),
    close: () => files.close(),
  };
}
