import type { EpochMs } from "../../core/clock.ts";
import { iso } from "../../core/iso.ts";
import type { LogFields, LogLevel } from "../../core/log.ts";
import { harmless, harmlessJson } from "../output/harmless.ts";

/** The levels of the daemon's log, by the setting `log_level`. */
export const LEVEL_NAMES = {
  debug: "DEBUG",
  info: "INFO",
  warn: "WARNING",
  error: "ERROR",
} as const satisfies Record<LogLevel, string>;

/** What one line of the log says. */
export interface LogEntry {
  /** By the server's clock, where it is known. */
  readonly at: EpochMs;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** Characters of a line; more would drown what stands around it. */
const MAX_LINE = 16_384;
/** What stands first, since people look for it. */
const FIRST = ["jobId", "status", "durationMs", "exitCode", "attempt", "runId"];
/** Text without a blank or a quote needs no quotes. */
const PLAIN = /^[^\s"=]+$/;

/** `2026-11-30T02:14:00.103Z INFO    job "hello" succeeded jobId=hello status=SUCCESS durationMs=102 …` */
export function textLine({ at, level, message, fields }: LogEntry): string {
  // The message of an error is in that of the line; where it happened is for the JSON.
  const { error: _, time: __, ...told } = fields;
  const names = [...new Set([...FIRST.filter((name) => name in told), ...Object.keys(told)])];
  const words = names.flatMap((name) => wordsFor(name, told[name]));
  return bounded([iso(at), LEVEL_NAMES[level].padEnd(7), harmless(message), ...words].join(" "));
}

/** `{"time":"2026-11-30T02:14:00.103Z","level":"INFO","message":"job \"hello\" succeeded","jobId":"hello",…}` */
export function jsonLine({ at, level, message, fields }: LogEntry): string {
  const head = { time: iso(at), level: LEVEL_NAMES[level], message: bounded(message) };
  const { time: _, level: __, message: ___, ...rest } = fields;
  const line = printed({ ...head, ...rest });
  if (line !== undefined && line.length <= MAX_LINE) return line;
  const { jobId, runId, status } = fields;
  const omitted = { jobId, runId, status, fields: "(too much to be logged)" };
  return printed({ ...head, ...omitted }) ?? "{}";
}

function wordsFor(name: string, value: unknown): string[] {
  if (value === undefined) return [];
  const text = typeof value === "string" ? value : (printed(value) ?? "(unprintable)");
  const shown = harmless(text);
  return [`${harmless(name)}=${PLAIN.test(shown) ? shown : JSON.stringify(shown)}`];
}

/** JSON; errors as far as people need them. `undefined` for what JSON can't hold. */
function printed(value: unknown): string | undefined {
  try {
    const plain: unknown = JSON.parse(JSON.stringify(value, replaced));
    return harmlessJson(plain);
  } catch {
    return undefined;
  }
}

function replaced(_: string, value: unknown): unknown {
  if (value instanceof Error) {
    const { name, message, stack } = value;
    const code: unknown = Reflect.get(value, "code");
    return { name, message, ...(typeof code === "string" ? { code } : {}), stack };
  }
  return typeof value === "bigint" ? String(value) : value;
}

function bounded(text: string): string {
  if (text.length <= MAX_LINE) return text;
  const kept = text.slice(0, MAX_LINE - 40).replace(/[\uD800-\uDBFF]$/, "");
  return `${kept}… (${text.length - kept.length} characters more)`;
}
