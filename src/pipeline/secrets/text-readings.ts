/** A text with some of its escapes resolved, and the original position of each character. */
interface Reading {
  readonly text: string;
  /** Where the character at an index began in the original text; for the length, where that text ended. */
  readonly placeOf: (index: number) => number;
}

/** How many decodings to try: text can be nested in text, like JSON in JSON in a URL. */
const MAX_READINGS = 12;

/** What part of a text stands for, character by character, each with its length in the text. */
type Piece = readonly (readonly [char: string, length: number])[];

interface Decoder {
  readonly pattern: RegExp;
  readonly decode: (match: string) => Piece;
}

const LETTERS: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  v: "\v",
  0: "\0",
};
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function whole(char: string, match: string): Piece {
  return [[char, match.length]];
}

function charOf(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : "\uFFFD";
}

/** The escapes of JSON, JavaScript and `util.inspect`. */
const BACKSLASHES: Decoder = {
  pattern: /\\(?:u\{[\da-f]{1,6}\}|u[\da-f]{4}|x[\da-f]{2}|[^])/gi,
  decode: (match) => {
    const hex = /^\\(?:u\{?|x)([\da-f]+)/i.exec(match)?.[1];
    if (hex !== undefined) return whole(charOf(Number.parseInt(hex, 16)), match);
    return whole(LETTERS[match.charAt(1)] ?? match.slice(1), match);
  },
};

/** The bytes of a run of `%XX`, as UTF-8, or as Latin-1 if they aren't UTF-8. */
function percent(match: string): Piece {
  const bytes = Buffer.from(match.replaceAll("%", ""), "hex");
  const text = bytes.toString("utf8");
  const isLatin = text.includes("\uFFFD");
  const chars = Array.from(isLatin ? bytes.toString("latin1") : text);
  return chars.map((char) => [char, 3 * (isLatin ? 1 : Buffer.byteLength(char))] as const);
}

const PERCENT: Decoder = { pattern: /(?:%[\da-f]{2})+/gi, decode: percent };
/** The encoding of forms, where a space is a plus. */
const FORM: Decoder = {
  pattern: /\+|(?:%[\da-f]{2})+/gi,
  decode: (match) => (match === "+" ? whole(" ", match) : percent(match)),
};
const MARKUP: Decoder = {
  pattern: /&(?:#\d{1,7}|#x[\da-f]{1,6}|amp|lt|gt|quot|apos);/gi,
  decode: (match) => {
    const name = match.slice(1, -1).toLowerCase();
    const [, x, digits] = /^#(x?)([\da-f]+)$/.exec(name) ?? [];
    if (digits === undefined) return whole(ENTITIES[name] ?? match, match);
    return whole(charOf(Number.parseInt(digits, x ? 16 : 10)), match);
  },
};

/** A character to look for quickly before trying each decoder. */
const DECODERS: readonly (readonly [mark: string, decoder: Decoder])[] = [
  ["\\", BACKSLASHES],
  ["%", PERCENT],
  ["+", FORM],
  ["&", MARKUP],
];

/**
 * The ways to read a text: as it is, and with the escapes of JSON, URLs, forms or HTML resolved, also nested.
 * @yields The text itself first.
 */
export function* readings(text: string): Generator<Reading, void> {
  const found: Reading[] = [{ text, placeOf: (index) => index }];
  const seen = new Set([text]);
  for (const reading of found) {
    yield reading;
    for (const [mark, decoder] of DECODERS) {
      if (found.length >= MAX_READINGS || !reading.text.includes(mark)) continue;
      const next = decoded(reading, decoder);
      if (next === undefined || seen.has(next.text)) continue;
      seen.add(next.text);
      found.push(next);
    }
  }
}

function decoded({ text, placeOf }: Reading, { pattern, decode }: Decoder): Reading | undefined {
  const parts: string[] = [];
  const places: number[] = [];
  let at = 0;
  const copyUpTo = (end: number): void => {
    for (let i = at; i < end; i += 1) places.push(placeOf(i));
    parts.push(text.slice(at, end));
    at = end;
  };
  for (const match of text.matchAll(pattern)) {
    copyUpTo(match.index);
    for (const [char, length] of decode(match[0])) {
      for (let i = 0; i < char.length; i += 1) places.push(placeOf(at));
      parts.push(char);
      at += length;
    }
  }
  if (parts.length === 0) return undefined;
  copyUpTo(text.length);
  places.push(placeOf(text.length));
  return { text: parts.join(""), placeOf: (index) => places[index] ?? placeOf(text.length) };
}
