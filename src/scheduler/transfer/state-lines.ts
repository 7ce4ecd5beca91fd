import { CronduitError } from "../../core/errors.ts";

/** Longer lines are refused, so that a file without line breaks can't exhaust memory. */
export const MAX_LINE_CHARS = 16 * 1024 * 1024;
const BYTE_ORDER_MARK = "\uFEFF";

/** The source of an exported state: its text, its lines, or a stream of text or bytes in chunks of any size. */
export type StateSource = string | readonly string[] | AsyncIterable<string | Uint8Array>;

/** One line of a state. */
export interface StateLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** An error in a state file, with its line. */
export function invalidState(
  problem: string,
  where: { line?: number; path?: string; [more: string]: unknown } = {},
): CronduitError {
  const { line, path } = where;
  const place = [
    line === undefined ? "" : `, line ${line}`,
    path === undefined || path === "" ? "" : `, field "${path}"`,
  ].join("");
  return new CronduitError("INVALID_STATE_FILE", `importState${place}: ${problem}.`, {
    data: where,
  });
}

/** Whether a text is where a state may be, and no state. */
export function looksLikePath(text: string): boolean {
  const path = text.trim();
  return /^[^\n{]{1,4096}$/.test(path) && /[/\\]|\.(?:ndjson|jsonl?|txt)$/i.test(path);
}

/**
 * Reads a source line by line.
 * @yields Its non-empty lines.
 * @throws {@link CronduitError} `INVALID_STATE_FILE`
 */
export async function* readLines(
  source: Exclude<StateSource, readonly string[]>,
): AsyncGenerator<StateLine, void> {
  let number = 0;
  let rest: string[] = [];
  let restChars = 0;
  const whole = (end: string): StateLine => {
    const text = rest.join("") + end;
    rest = [];
    restChars = 0;
    number += 1;
    const from = number === 1 && text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
    return { number, text: text.slice(from, text.endsWith("\r") ? -1 : undefined) };
  };
  for await (const text of decoded(source)) {
    let from = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", from)) {
      if (restChars + at - from > MAX_LINE_CHARS) throw tooLong(number + 1);
      const line = whole(text.slice(from, at));
      if (line.text !== "") yield line;
      from = at + 1;
    }
    rest.push(text.slice(from));
    restChars += text.length - from;
    if (restChars > MAX_LINE_CHARS) throw tooLong(number + 1);
  }
  if (restChars > 0) yield whole("");
}

function tooLong(line: number): CronduitError {
  return invalidState(`is longer than ${MAX_LINE_CHARS} characters`, { line });
}

async function* decoded(
  source: Exclude<StateSource, readonly string[]>,
): AsyncGenerator<string, void> {
  if (typeof source === "string") {
    yield source;
    return;
  }
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const decode = (piece?: Uint8Array): string => {
    try {
      return piece ? decoder.decode(piece, { stream: true }) : decoder.decode();
    } catch {
      throw invalidState("is not UTF-8 text");
    }
  };
  for await (const piece of source) {
    if (typeof piece === "string") yield piece;
    else if (piece instanceof Uint8Array) yield decode(piece);
    else throw invalidState(`the source gave a ${typeof piece}; text or bytes are needed`);
  }
  yield decode();
}
