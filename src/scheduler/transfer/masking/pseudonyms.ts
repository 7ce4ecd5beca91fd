import { createCipheriv, createHash, createHmac, randomBytes } from "node:crypto";
import { zoneOf } from "../../../triggers/time/zone.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const HEX_LETTERS = "abcdef";
const WEEK_MS = 604_800_000;
/** Dates move back by at most about ten years. */
const MAX_WEEKS = 520;
/** Shorter texts may become themselves by chance. */
const MIN_DISTINCT = 3;

const DATE =
  /^(\d{4}-\d{2}-\d{2})((?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?)$/;
const ZONE = /^[A-Z][\w+-]*(\/[A-Z][\w+-]*)+$/;
const ISO_DURATION = /^P(?=T?\d)[\dYMWDTHS.,]+$/;
const IPV4 = /^(\d{1,3}(?:\.\d{1,3}){3})((?:[/:]\d+)?)$/;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const HEX = /^(?=.*\d)(?=.*[a-f])[\da-f-]{8,}$/i;
/** What of a URL would make it invalid if it changed: its scheme, and its port. */
const URL_PARTS =
  /^((?:https?|wss?|s?ftp|file|s3|gs|amqps?|postgres(?:ql)?|mysql|rediss?|mongodb(?:\+srv)?):\/\/)([^/?#]*?)((?::\d+)?)([/?#].*)?$/is;
/** A UUID's version and variant. */
const UUID_KEPT: ReadonlySet<number> = new Set([14, 19]);

/**
 * Replaces values by others of the same form, so that schemas accept most of them. Equal values get equal pseudonyms,
 * and nobody without the key finds the value to one. Lengths, punctuation and the distances between dates stay.
 */
export class Pseudonyms {
  readonly #key: Buffer;
  /** The same for all dates, so that their order, distances and weekdays stay. */
  readonly #shiftMs: number;

  /** @param key Equal keys give equal pseudonyms. Absent: a random one. */
  constructor(key: string | undefined) {
    this.#key = createHash("sha256")
      .update(key ?? randomBytes(32))
      .digest();
    this.#shiftMs = WEEK_MS * (1 + (this.#bytes("dates", 2).readUInt16BE() % MAX_WEEKS));
  }

  /** A text of the same form: letters become letters of the same case, digits digits. */
  text(text: string): string {
    return this.#ofForm(text) ?? this.#scrambled(text);
  }

  /** A number with the same sign and as many digits; 0 stays. The pseudonym of its text. */
  number(value: number): number {
    const [mantissa = "", exponent] = String(value).split("e");
    const masked = this.#scrambled(mantissa);
    return Number(exponent === undefined ? masked : `${masked}e${exponent}`);
  }

  /** An id that shows nothing of the original. */
  id(id: string): string {
    return `job-${this.#bytes(`id ${id}`, 6).toString("hex")}`;
  }

  /** Stands for a digest, from which a short value could be guessed. */
  digest(digest: string): string {
    return this.#bytes(`digest ${digest}`, 15).toString("base64url");
  }

  #ofForm(text: string): string | undefined {
    const [, date, rest = ""] = DATE.exec(text) ?? [];
    if (date !== undefined && !Number.isNaN(Date.parse(date))) {
      const moved = new Date(Date.parse(date) - this.#shiftMs);
      return `${moved.toISOString().slice(0, 10)}${rest}`;
    }
    if (ZONE.test(text) && isZone(text)) return text;
    if (ISO_DURATION.test(text)) return this.#scrambled(text, { alphabet: "" });
    const [, address, suffix = ""] = IPV4.exec(text) ?? [];
    if (address !== undefined) return `${this.#address(address)}${suffix}`;
    if (UUID.test(text)) return this.#scrambled(text, { alphabet: HEX_LETTERS, kept: UUID_KEPT });
    if (HEX.test(text)) return this.#scrambled(text, { alphabet: HEX_LETTERS });
    const [, scheme, place = "", port = "", path = ""] = URL_PARTS.exec(text) ?? [];
    if (scheme === undefined) return undefined;
    return `${scheme}${this.#scrambled(place)}${port}${this.#scrambled(path)}`;
  }

  #address(address: string): string {
    const bytes = this.#bytes(`address ${address}`, 4);
    return Array.from(bytes, (byte) => 1 + (byte % 254)).join(".");
  }

  #scrambled(
    text: string,
    { alphabet = LETTERS, kept }: { alphabet?: string; kept?: ReadonlySet<number> } = {},
  ): string {
    for (let attempt = 0; ; attempt += 1) {
      const noise = this.#bytes(`${attempt} ${text}`, text.length);
      const chars = Array.from(text);
      const masked = chars
        .map((char, i) =>
          kept?.has(i) === true
            ? char
            : scrambledChar(char, { before: chars[i - 1] ?? "", noise: noise[i] ?? 0, alphabet }),
        )
        .join("");
      if (masked !== text || attempt > 8 || changeable(text) < MIN_DISTINCT) return masked;
    }
  }

  /** Bytes that only depend on the key and on what they are for. */
  #bytes(purpose: string, count: number): Buffer {
    const start = createHmac("sha256", this.#key).update(purpose).digest().subarray(0, 16);
    return createCipheriv("aes-256-ctr", this.#key, start).update(Buffer.alloc(count));
  }
}

function changeable(text: string): number {
  return text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
}

function scrambledChar(
  char: string,
  { before, noise, alphabet }: { before: string; noise: number; alphabet: string },
): string {
  if (/\d/.test(char)) {
    // A number keeps its length only if its first digit doesn't become 0.
    if (/\d/.test(before)) return String(noise % 10);
    return char === "0" ? char : String(1 + (noise % 9));
  }
  if (/\p{N}/u.test(char)) return String(noise % 10);
  if (!/\p{L}/u.test(char) || alphabet === "") return char;
  const letter = alphabet.charAt(noise % alphabet.length);
  return /\p{Lu}/u.test(char) ? letter.toUpperCase() : letter;
}

function isZone(name: string): boolean {
  try {
    zoneOf(name);
    return true;
  } catch {
    return false;
  }
}
