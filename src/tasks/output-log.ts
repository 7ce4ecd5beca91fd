import { counted } from "../core/counted.ts";
import type { RunLog } from "../pipeline/run-context.ts";
import type { SecretValues } from "../pipeline/secrets/secret-values.ts";

/** What a line takes besides its text, as the log counts it. */
const LINE_BYTES = 64;
/** The log cuts longer lines. */
const MAX_LINE = 8_192;

interface Line {
  readonly text: string;
  readonly from: "stdout" | "stderr";
  readonly bytes: number;
}

/** How much output there was. */
export interface OutputCount {
  readonly outputLines: number;
  /** Lines that the log does not have. */
  readonly leftOutLines: number;
}

/**
 * A program's output on its way into the run's log, without secrets. Of more than `maxBytes` it keeps the first half as it
 * comes, and the last half, which is written at the end.
 */
export class OutputLog {
  readonly #log: RunLog;
  readonly #half: number;
  readonly #mask: SecretValues;
  #first = 0;
  #isFull = false;
  readonly #last: Line[] = [];
  /** Where the last half begins in `#last`; what is before it has been left out. */
  #from = 0;
  #lastBytes = 0;
  #lines = 0;
  #leftOutLines = 0;
  #leftOutBytes = 0;
  /** The last line that says something: of standard error if there is one, else of standard output. */
  readonly #said: { stdout?: string; stderr?: string } = {};

  constructor(log: RunLog, maxBytes: number, mask: SecretValues) {
    this.#log = log;
    this.#half = maxBytes / 2;
    this.#mask = mask;
  }

  take(written: string, from: Line["from"] = "stdout"): void {
    const text = this.#mask.inText(written);
    if (text.trim() !== "") this.#said[from] = text;
    const bytes = Math.min(Buffer.byteLength(text), MAX_LINE) + LINE_BYTES;
    this.#lines += 1;
    const line = { text, from, bytes };
    if (!this.#isFull && this.#first + bytes <= this.#half) {
      this.#first += bytes;
      this.#write(line);
      return;
    }
    this.#isFull = true;
    this.#keep(line);
  }

  /** Writes what it has kept for the end. */
  end(): OutputCount {
    if (this.#leftOutLines > 0)
      this.#log.warn(
        `… ${counted(this.#leftOutLines, "line")} (${counted(this.#leftOutBytes, "byte")}) of output left out here`,
      );
    for (const line of this.#last.slice(this.#from)) this.#write(line);
    return { outputLines: this.#lines, leftOutLines: this.#leftOutLines };
  }

  /** The last line of what went wrong, as a program tells it. */
  get lastWords(): string | undefined {
    return this.#said.stderr ?? this.#said.stdout;
  }

  #write({ text, from }: Line): void {
    this.#log.output(text, from === "stderr" ? { stream: from } : undefined);
  }

  #keep(line: Line): void {
    this.#last.push({ ...line, text: cut(line.text) });
    this.#lastBytes += line.bytes;
    for (; this.#lastBytes > this.#half && this.#from < this.#last.length; this.#from += 1) {
      const bytes = this.#last[this.#from]?.bytes ?? 0;
      this.#lastBytes -= bytes;
      this.#leftOutBytes += bytes - LINE_BYTES;
      this.#leftOutLines += 1;
    }
    if (this.#from < 1_000 || this.#from < this.#last.length / 2) return;
    this.#last.splice(0, this.#from);
    this.#from = 0;
  }
}

/** So that the kept lines need no more memory than they may. */
function cut(text: string): string {
  return text.length <= MAX_LINE
    ? text
    : `${text.slice(0, MAX_LINE - 50)}… (${text.length - MAX_LINE + 50} more characters)`;
}
