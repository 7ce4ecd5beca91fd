import type { LogFields, Logger, LogLevel } from "./log.ts";

/** What is used of a pino logger, or of another that takes the fields first. */
export type PinoLike = Readonly<Record<LogLevel, (fields: object, message?: string) => void>>;

/**
 * Makes a pino logger fit the option `logger`: pino takes the fields first and the message after them. An `error` among the
 * fields goes as `err`, the name under which pino prints errors.
 *
 * ```ts
 * import { pino } from "pino";
 * const scheduler = new PipelineScheduler({ logger: pinoLogger(pino()) });
 * ```
 */
export function pinoLogger(pino: PinoLike): Logger {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) =>
    pino[level](forPino(fields), message);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function forPino(fields: LogFields = {}): object {
  const { error, ...rest } = fields;
  return error instanceof Error ? { ...rest, err: error } : fields;
}
