import { readings } from "./text-readings.ts";
import { MASK } from "./secret-paths.ts";

/** From the first character to the one after the last. */
type Range = readonly [from: number, to: number];

/** Shortest beginning of a secret to recognise before a cut; anything shorter could be any word. */
const MIN_PART = 6;
const CUT = /['"`]?(?:…|\.{3,})/g;
const WORD = /[\p{L}\p{N}_]/u;
const DIGIT = /\d/;

/** Finds secrets in texts. */
export class SecretSearch {
  readonly #everywhere: readonly string[];
  readonly #alone: readonly string[];
  /** By their first two characters. */
  readonly #byStart = new Map<number, string[]>();
  /** Whether any secret begins with this character, by its lower byte: most characters of a text begin none. */
  readonly #starts = new Uint8Array(256);
  readonly #longest: number;

  /**
   * @param everywhere Texts of at least three characters, found anywhere, however they are escaped.
   * @param alone Texts that are only found without a letter or digit beside them; numbers without a digit beside them.
   */
  constructor(everywhere: ReadonlySet<string>, alone: ReadonlySet<string>) {
    this.#everywhere = [...everywhere];
    this.#alone = [...alone];
    const patterns = new Set([MASK, ...this.#everywhere, ...this.#everywhere.flatMap(encodings)]);
    this.#longest = Math.max(...Array.from(patterns, ({ length }) => length));
    for (const pattern of patterns) {
      const start = startAt(pattern, 0);
      const known = this.#byStart.get(start);
      if (known) known.push(pattern);
      else this.#byStart.set(start, [pattern]);
      this.#starts[pattern.charCodeAt(0) & 255] = 1;
    }
  }

  /** The text with secrets replaced by the mask. */
  masked(text: string): string {
    const ranges = [...this.#inReadings(text), ...this.#standingAlone(text), ...this.#cutOff(text)];
    return replaced(text, ranges);
  }

  /** The same, but only for secrets that are found everywhere. */
  maskedName(text: string): string {
    return replaced(text, this.#inReadings(text));
  }

  #inReadings(text: string): Range[] {
    if (this.#everywhere.length === 0) return [];
    const ranges: Range[] = [];
    for (const { text: read, placeOf } of readings(text))
      for (const [from, to] of this.#in(read)) ranges.push([placeOf(from), placeOf(to)]);
    return ranges;
  }

  /** Includes overlaps: if two secrets share characters, nothing of either must remain. */
  #in(text: string): Range[] {
    const ranges: Range[] = [];
    for (let i = 0; i < text.length; i += 1) {
      if (this.#starts[text.charCodeAt(i) & 255] === 0) continue;
      for (const pattern of this.#byStart.get(startAt(text, i)) ?? [])
        if (text.startsWith(pattern, i)) ranges.push([i, i + pattern.length]);
    }
    return ranges;
  }

  #standingAlone(text: string): Range[] {
    return this.#alone.flatMap((value) => {
      const isNumber = DIGIT.test(value) && !Number.isNaN(Number(value));
      const beside = isNumber ? DIGIT : WORD;
      const ranges: Range[] = [];
      for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
        const to = at + value.length;
        // After a decimal point there is part of a number, not a number.
        const isFraction = isNumber && /\d\.$/.test(text.slice(Math.max(0, at - 2), at));
        const isPart = beside.test(text.charAt(at - 1)) || beside.test(text.charAt(to));
        if (!isPart && !isFraction) ranges.push([at, to]);
      }
      return ranges;
    });
  }

  /** What is left of secrets where a text was cut: `hunter2…`. */
  #cutOff(text: string): Range[] {
    const ranges: Range[] = [];
    let searched = 0;
    for (const { index } of text.matchAll(CUT)) {
      // Anything before an earlier cut was examined there.
      for (let at = Math.max(searched, index - this.#longest); at <= index - MIN_PART; at += 1) {
        if (this.#starts[text.charCodeAt(at) & 255] === 0) continue;
        const part = text.slice(at, index);
        const known = this.#byStart.get(startAt(text, at)) ?? [];
        if (!known.some((pattern) => pattern.startsWith(part))) continue;
        ranges.push([at, index]);
        break;
      }
      searched = index;
    }
    return ranges;
  }
}

function startAt(text: string, index: number): number {
  return text.charCodeAt(index) * 65_536 + text.charCodeAt(index + 1);
}

/** The bytes in hexadecimal, and the part of any Base64 text that depends only on the secret, whatever surrounds it. */
function encodings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  const within = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replaceAll("=", "");
    // The first characters depend partly on what comes before the secret, the last partly on what comes after.
    const from = Math.ceil((before * 8) / 6);
    return text.slice(from, Math.floor(((before + bytes.length) * 8) / 6));
  });
  const url = within.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  // A shorter text would match by chance.
  return [hex, hex.toUpperCase(), ...within, ...url].filter(({ length }) => length >= 4);
}

function replaced(text: string, ranges: readonly Range[]): string {
  if (ranges.length === 0) return text;
  const sorted = ranges.toSorted(([a], [b]) => a - b);
  let masked = "";
  let at = 0;
  for (const [from, to] of merged(sorted)) {
    masked += text.slice(at, from) + MASK;
    at = to;
  }
  return masked + text.slice(at);
}

function merged(sorted: readonly Range[]): Range[] {
  const whole: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = whole.at(-1);
    if (last && from < last[1]) last[1] = Math.max(last[1], to);
    else whole.push([from, to]);
  }
  return whole;
}
