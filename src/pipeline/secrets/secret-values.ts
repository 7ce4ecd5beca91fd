import { SecretSearch } from "./secret-search.ts";
import type { SecretPlaces } from "./secret-places.ts";
import { MASK, secretsAt } from "./secret-paths.ts";

/** Shorter texts would match in every other word; they are only found standing alone. */
const MIN_ANYWHERE = 4;
/** Even shorter ones are everywhere; they are only found if they are the whole value. */
const MIN_ALONE = 3;
/** Shortest line of a multi-line secret, such as a key in PEM format. */
const MIN_LINE = 8;

/** The values at the secret places of a run's params, to be masked in all its output. */
export class SecretValues {
  readonly places: SecretPlaces;
  /** Masked if it is the whole of a text or number. */
  readonly #whole = new Set<string>();
  readonly #anywhere = new Set<string>();
  readonly #alone = new Set<string>();
  /** `true` and `false` reveal nothing except by the name of their field. */
  readonly #flags = new Set<string>();
  readonly #open = new Set<string>();
  #search: SecretSearch | undefined;

  /** @param params As stored; all params that the run may deal with. */
  constructor(places: SecretPlaces, ...params: readonly unknown[]) {
    this.places = places;
    for (const given of params)
      secretsAt(given, places.input, (value, key) => this.#add(value, key));
    if (places.derived.length === 0) return;
    const every = new Set<string>();
    for (const given of params) secretsAt(given, [[]], (value) => every.add(String(value)));
    for (const value of every) if (!this.#whole.has(value)) this.#open.add(value);
  }

  /** Adds the schema's output: defaults, and what transforms made of secrets. */
  learn(output: unknown): void {
    const { places } = this;
    secretsAt(output, places.output, (value, key) => this.#add(value, key));
    secretsAt(output, places.derived, (value, key) => {
      // A value that was given openly doesn't become a secret by being put beside one.
      if (!this.#open.has(String(value))) this.#add(value, key);
    });
  }

  /** Masks secrets in text. */
  inText(text: string): string {
    return this.#whole.has(text) ? MASK : this.#searching().masked(text);
  }

  /** Masks secrets in a key or name, but only those that are unmistakable. */
  inName(text: string): string {
    return this.#searching().maskedName(text);
  }

  /** A plain value, or the mask. Numbers and texts are masked as a whole, texts also in part. */
  inPlain(value: unknown, key: string): unknown {
    if (typeof value === "string") return this.inText(value);
    if (typeof value === "number" || typeof value === "bigint")
      return this.#whole.has(String(value)) || this.#whole.has(unsigned(String(value)))
        ? MASK
        : value;
    return typeof value === "boolean" && this.#flags.has(`${key}=${value}`) ? MASK : value;
  }

  /** The object itself, or a copy if its keys contain secrets. */
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

  /** Masks secrets in the values of JSON text, so that it stays JSON. */
  inJson(json: string): string {
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch {
      return JSON.stringify({ $unserializable: true, reason: "it is not JSON" });
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
    // A sign comes before a number and isn't part of it.
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

/** Parts of a text that are used by themselves: the token of an HTTP authorization, the password of a URL. */
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
