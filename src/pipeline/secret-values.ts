import { SecretSearch } from "./secret-search.ts";
import type { SecretPlaces } from "./secret-places.ts";
import { MASK, secretsAt } from "./secrets.ts";

/** Shorter texts would be found in every second word: they are only found where they stand alone. */
const MIN_ANYWHERE = 4;
/** Shorter ones are everywhere: they are only found where nothing else is. */
const MIN_ALONE = 3;
/** A line of a secret of several lines, such as a key's PEM text. */
const MIN_LINE = 8;

/** The values at secret places of a run's params, to be masked in whatever it gives. */
export class SecretValues {
  readonly places: SecretPlaces;
  /** What is masked if it is all of a text or a number. */
  readonly #whole = new Set<string>();
  readonly #anywhere = new Set<string>();
  readonly #alone = new Set<string>();
  /** `true` and `false` tell nothing but by the name that they stand under. */
  readonly #flags = new Set<string>();
  readonly #open = new Set<string>();
  #search: SecretSearch | undefined;

  /** @param params As they are stored; all that a run may have to do with. */
  constructor(places: SecretPlaces, ...params: readonly unknown[]) {
    this.places = places;
    for (const given of params)
      secretsAt(given, places.input, (value, key) => this.#add(value, key));
    if (places.derived.length === 0) return;
    const every = new Set<string>();
    for (const given of params) secretsAt(given, [[]], (value) => every.add(String(value)));
    for (const value of every) if (!this.#whole.has(value)) this.#open.add(value);
  }

  /** Takes note of what the schema made of the params: defaults, and what transforms made of secrets. */
  learn(output: unknown): void {
    const { places } = this;
    secretsAt(output, places.output, (value, key) => this.#add(value, key));
    secretsAt(output, places.derived, (value, key) => {
      // What was given openly is no secret because it was put beside one.
      if (!this.#open.has(String(value))) this.#add(value, key);
    });
  }

  /** Masks them in text. */
  inText(text: string): string {
    return this.#whole.has(text) ? MASK : this.#searching().masked(text);
  }

  /** Masks them in a key or a name, where only what can't be mistaken is masked. */
  inName(text: string): string {
    return this.#searching().maskedName(text);
  }

  /** A plain value, or the mask. Numbers and texts are masked as a whole, and texts also in part. */
  inPlain(value: unknown, key: string): unknown {
    if (typeof value === "string") return this.inText(value);
    if (typeof value === "number" || typeof value === "bigint")
      return this.#whole.has(String(value)) || this.#whole.has(unsigned(String(value)))
        ? MASK
        : value;
    return typeof value === "boolean" && this.#flags.has(`${key}=${value}`) ? MASK : value;
  }

  /** The object itself, or a copy if there are secrets in its keys. */
  inKeys(value: object): object {
    if (Array.isArray(value)) return value;
    const names = Object.keys(value);
    if (names.every((name) => this.inName(name) === name)) return value;
    const copy: Record<string, unknown> = {};
    for (const name of names) {
      let masked = this.inName(name);
      for (let i = 2; Object.hasOwn(copy, masked); i += 1) masked = `${this.inName(name)} ${i}`;
      Object.defineProperty(copy, masked, {
        value: Reflect.get(value, name),
        enumerable: true,
        configurable: true,
      });
    }
    return copy;
  }

  /** Masks them in JSON text: in its values, so that it stays JSON. */
  inJson(json: string): string {
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch {
      return JSON.stringify({ $unserializable: true, reason: "it is no JSON" });
    }
    const masked = JSON.stringify(value, (key, item: unknown) =>
      typeof item === "object" && item !== null ? this.inKeys(item) : this.inPlain(item, key),
    );
    return masked;
  }

  #add(value: unknown, key: string | undefined): void {
    if (typeof value === "boolean") {
      if (key !== undefined) this.#flags.add(`${key}=${value}`);
      return;
    }
    const isNumber = typeof value === "number" || typeof value === "bigint";
    if (typeof value !== "string" && !isNumber) return;
    this.#search = undefined;
    const text = String(value);
    for (const form of new Set([text, text.trim()])) this.#addText(form, isNumber);
    for (const part of credentialsIn(text)) this.#addText(part, false);
    const lines = text.split(/[\r\n]+/);
    if (lines.length > 1)
      for (const line of lines) if (line.trim().length >= MIN_LINE) this.#anywhere.add(line.trim());
  }

  #addText(text: string, isNumber: boolean): void {
    if (text.trim() === "" || text === MASK) return;
    this.#whole.add(text);
    // A sign stands before a number and not within it.
    const bare = isNumber ? unsigned(text) : text;
    if (isNumber) this.#whole.add(bare);
    if (!isNumber && bare.length >= MIN_ANYWHERE) this.#anywhere.add(bare);
    else if (bare.length >= MIN_ALONE) this.#alone.add(bare);
  }

  #searching(): SecretSearch {
    return (this.#search ??= new SecretSearch(this.#anywhere, this.#alone));
  }
}

function unsigned(number: string): string {
  return number.replace(/^-/, "");
}

/** What of a text is used by itself: the token of an HTTP authorization, the password of a URL. */
function credentialsIn(text: string): string[] {
  const [, scheme = "", token = ""] = /^\s*(bearer|basic|token)\s+(\S+)\s*$/i.exec(text) ?? [];
  const [, login = ""] = /^[\w+.-]+:\/\/[^/?#]*?:([^/?#]*)@/.exec(text) ?? [];
  const pair = scheme.toLowerCase() === "basic" ? Buffer.from(token, "base64").toString() : "";
  return [token, pair.slice(pair.indexOf(":") + 1), login, decoded(login)].filter(
    ({ length }) => length >= MIN_ANYWHERE,
  );
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
