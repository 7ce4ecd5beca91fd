import { MASK } from "../../../pipeline/secrets/secret-paths.ts";
import { SecretSearch } from "../../../pipeline/secrets/secret-search.ts";

/** Shorter texts are in every other word; they are only found standing alone, or not at all. */
const MIN_ANYWHERE = 4;
const MIN_ALONE = 3;
/** Most texts that are also sought in other spellings, each of which has many. */
const MAX_ENCODED = 5_000;

/** The values of one job's params that were masked, to be found wherever else they stand. */
export class KnownValues {
  readonly #pseudonyms = new Map<string, string>();
  #search: { readonly plain: RegExp; readonly encoded: SecretSearch } | undefined;

  /** Remembers what a value was replaced by. */
  add(value: string | number, pseudonym: string | number): void {
    const text = String(value).trim();
    if (text.length < MIN_ALONE || text === MASK || value === pseudonym) return;
    this.#pseudonyms.set(text, String(pseudonym).trim());
    this.#search = undefined;
  }

  /** Forgets values that stay, after all. */
  forget(value: unknown): void {
    if (typeof value === "string" || typeof value === "number") {
      this.#pseudonyms.delete(String(value).trim());
      this.#search = undefined;
    } else if (typeof value === "object" && value !== null)
      for (const [name, item] of Object.entries(value)) {
        this.forget(name);
        this.forget(item);
      }
  }

  /** Whether a text contains one of the values. */
  areIn(text: string): boolean {
    return this.inText(text) !== text;
  }

  /** The text with the values replaced by their pseudonyms; in other spellings, such as Base64, by the mask. */
  inText(text: string): string {
    const { plain, encoded } = (this.#search ??= this.#makeSearch());
    if (this.#pseudonyms.size === 0) return text;
    const replaced = text.replace(plain, (found) => this.#pseudonyms.get(found) ?? found);
    return encoded.masked(replaced);
  }

  /** The same for everything in a JSON value. */
  inJson(value: unknown): unknown {
    if (this.#pseudonyms.size === 0) return value;
    if (typeof value === "string") return this.inText(value);
    if (typeof value === "number") {
      const pseudonym = this.#pseudonyms.get(String(value));
      return pseudonym === undefined ? value : Number(pseudonym);
    }
    if (Array.isArray(value)) return value.map((item: unknown) => this.inJson(item));
    if (typeof value !== "object" || value === null) return value;
    const masked: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(value))
      define(masked, this.inText(name), this.inJson(item));
    return masked;
  }

  #makeSearch() {
    // Where two begin, the longer one is meant.
    const texts = [...this.#pseudonyms.keys()].toSorted((a, b) => b.length - a.length);
    const anywhere = texts.filter((text) => text.length >= MIN_ANYWHERE && !isNumber(text));
    return {
      plain: new RegExp(texts.map(pattern).join("|"), "gu"),
      encoded: new SecretSearch(new Set(anywhere.slice(0, MAX_ENCODED)), new Set()),
    };
  }
}

function isNumber(text: string): boolean {
  return text !== "" && !Number.isNaN(Number(text));
}

function pattern(text: string): string {
  const escaped = text.replaceAll(/[$()*+./?[\\\]^{|}]/g, String.raw`\$&`);
  if (isNumber(text)) return String.raw`(?<![\d.])${escaped}(?![\d])`;
  return text.length >= MIN_ANYWHERE
    ? escaped
    : String.raw`(?<![\p{L}\p{N}_])${escaped}(?![\p{L}\p{N}_])`;
}

/** Sets a field under its name, or under the next free one if the pseudonyms of two short keys are equal. */
export function define(fields: Record<string, unknown>, name: string, value: unknown): void {
  let free = name;
  for (let i = 2; Object.hasOwn(fields, free); i += 1) free = `${name} ${i}`;
  Object.defineProperty(fields, free, { value, enumerable: true, configurable: true });
}
