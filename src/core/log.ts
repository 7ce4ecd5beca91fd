/** Fields that stand beside a message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The levels of a log, the quietest last. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where this package reports. `console` fits, and so does any object with these methods. */
export type Logger = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>;

const nothing = (): void => undefined;

/** Whether it is known that this logger writes nothing at this level. */
export function isSilent(logger: Logger, level: LogLevel): boolean {
  return logger[level] === nothing;
}

/**
 * Writes one line an entry to standard error, from `level` on.
 * @param write Takes a line; for tests.
 */
export function lineLogger(
  level: LogLevel,
  write: (line: string) => void = (line) => void process.stderr.write(line),
): Logger {
  const from = LOG_LEVELS.indexOf(level);
  const at = (name: LogLevel): Logger[LogLevel] => {
    if (LOG_LEVELS.indexOf(name) < from) return nothing;
    return (message, fields) => {
      const details = fields && Object.keys(fields).length > 0 ? ` ${printFields(fields)}` : "";
      write(`cronduit ${name}: ${message}${details}\n`);
    };
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Fields as JSON; what JSON can't hold is told in words instead of failing the caller. */
function printFields(fields: LogFields): string {
  try {
    return JSON.stringify(fields, (_, value: unknown) =>
      value instanceof Error
        ? `${value.name}: ${value.message}`
        : typeof value === "bigint"
          ? String(value)
          : value,
    );
  } catch {
    return "(fields that can't be printed)";
  }
}
