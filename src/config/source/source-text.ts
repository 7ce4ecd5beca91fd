/** A part of a text: indexes in UTF-16 units, the end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A span in lines and columns from 1. */
export interface LinePlace {
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
}

/** The text of a file that knows where its lines begin. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly #starts: number[] = [0];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1))
      this.#starts.push(at + 1);
  }

  /** The line and the columns of a span; of one with several lines, those in its first. */
  placeOf({ start, end }: Span): LinePlace {
    const at = Math.min(Math.max(start, 0), this.text.length);
    const line = this.#lineAt(at);
    const from = this.#starts[line] ?? 0;
    const next = this.#starts[line + 1];
    const last = next === undefined ? this.text.length : next - 1;
    const column = at - from + 1;
    return {
      line: line + 1,
      column,
      endColumn: Math.max(column + 1, Math.min(end, last) - from + 1),
    };
  }

  /** The index of a line and column from 1, as far as there is one. */
  indexOf(line: number, column: number): number {
    const from = this.#starts[line - 1] ?? this.text.length;
    return Math.min(from + Math.max(column - 1, 0), this.text.length);
  }

  #lineAt(at: number): number {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
