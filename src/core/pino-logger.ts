import type { LogFields, Logger, LogLevel } from "./log.ts";

/** The part of a pino logger that is used; other loggers that take the fields first fit as well. */
export type PinoLike = Readonly<Record<LogLevel, (fields: object, message?: string) => void>>;

/**
 * Adapts a pino logger to the option `logger`: pino takes the fields first, then the message. An `error` among the
 * fields is passed as `err`, the name under which pino prints errors.
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
