import type { Clock } from "../../core/clock.ts";
import {
  LOG_LEVELS,
  type LogFields,
  type Logger,
  type LogLevel,
  silentLogger,
} from "../../core/log.ts";
import { telling } from "../../core/every-run.ts";
import { jsonLine, LEVEL_NAMES, type LogEntry, textLine } from "./log-entry.ts";

/** Where lines go. */
export interface LogSink {
  /** @param line Without its line break. */
  write(line: string): void;
}

/** How the daemon logs. */
export interface DaemonLogOptions {
  readonly level: (typeof LEVEL_NAMES)[LogLevel];
  readonly format: "text" | "json";
  readonly clock: Pick<Clock, "now">;
  readonly sinks: readonly LogSink[];
}

/**
 * The daemon's logger: a line for each thing that happens, and one for each execution of a job, with its id, the time, SUCCESS or
 * FAILURE, and how long it took. Those that succeed are of the level INFO here: who runs other people's jobs wants to read of each.
 */
export function daemonLog({ level, format, clock, sinks }: DaemonLogOptions): Logger {
  const from = LOG_LEVELS.findIndex((name) => LEVEL_NAMES[name] === level);
  const print = format === "json" ? jsonLine : textLine;
  const write = (entry: LogEntry): void => {
    const line = print(entry);
    for (const sink of sinks) sink.write(line);
  };
  const at = (name: LogLevel): Logger[LogLevel] => {
    if (LOG_LEVELS.indexOf(raised(name)) < from) return silentLogger[name];
    return (message, fields = {}) => {
      const told = isSuccess(name, fields) ? "info" : name;
      if (LOG_LEVELS.indexOf(told) < from) return;
      write({ at: timeOf(fields) ?? clock.now(), level: told, message, fields });
    };
  };
  return telling({ debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") });
}

/** The highest level that a line of this one can have here. */
function raised(level: LogLevel): LogLevel {
  return level === "debug" ? "info" : level;
}

function isSuccess(level: LogLevel, { status, runId }: LogFields): boolean {
  return level === "debug" && status === "SUCCESS" && runId !== undefined;
}

function timeOf({ time }: LogFields): number | undefined {
  const at = typeof time === "string" ? Date.parse(time) : NaN;
  return Number.isNaN(at) ? undefined : at;
}
