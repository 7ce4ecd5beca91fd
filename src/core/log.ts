/** Structured fields of a log message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The log levels, most verbose first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** A level of log lines, in ascending order. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where this package logs. `console` fits, as does any object with these methods. */
export type Logger = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>;

/** Ends a line, commands a terminal, or turns the text around that follows. */
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const nothing = (): void => undefined;

/** Writes nothing. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};

/** Whether this logger is known to write nothing at this level. */
export function isSilent(logger: Logger, level: LogLevel): boolean {
  return logger[level] === nothing;
}

/**
 * Writes one line per entry to standard error, from `level` up.
 * @param write Receives each line; for tests.
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
      write(`cronduit ${name}: ${inOneLine(message + details)}\n`);
    };
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** What people give, such as the reason of a pause, must not begin a line of its own or command a terminal. */
function inOneLine(text: string): string {
  return text.replaceAll(CONTROLS, (character) =>
    character === "\n"
      ? "\\n"
      : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

/** Prints fields as JSON; values that JSON can't hold are put into words instead of failing the caller. */
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
