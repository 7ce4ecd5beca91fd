import { MASK, type SecretPath } from "../pipeline/secrets.ts";

/** Shorter values would be found in every second word. */
const MIN_LENGTH = 4;
/** A line of a secret of several lines, such as a key's PEM text. */
const MIN_LINE = 8;

/** The values at secret paths of a run's params, to be masked in whatever text it gives. */
export class SecretValues {
  readonly #values: readonly string[];

  constructor(paths: readonly SecretPath[], ...params: readonly unknown[]) {
    const found = new Set<string>();
    for (const path of paths) for (const root of params) collect(root, path, found);
    // A value that contains another must go first.
    this.#values = [...found].toSorted((a, b) => b.length - a.length);
  }

  /** Masks them in text. */
  inText(text: string): string {
    return this.#values.reduce((rest, value) => rest.replaceAll(value, MASK), text);
  }

  /** Masks them in JSON text, where some of their characters are written otherwise. */
  inJson(json: string): string {
    return this.#values.reduce(
      (rest, value) => rest.replaceAll(JSON.stringify(value).slice(1, -1), MASK),
      json,
    );
  }
}

function collect(value: unknown, path: SecretPath, found: Set<string>): void {
  const [key, ...rest] = path;
  if (typeof value !== "object" || value === null) {
    if (key === undefined) add(value, found);
    return;
  }
  // What lies below a secret is one too.
  for (const [name, item] of Object.entries(value))
    if (key === undefined || key === "*" || key === name) collect(item, rest, found);
}

function add(value: unknown, found: Set<string>): void {
  if (typeof value !== "string" && typeof value !== "number") return;
  const text = String(value);
  if (text.length >= MIN_LENGTH) found.add(text);
  const lines = text.split(/\r?\n/);
  if (lines.length > 1)
    for (const line of lines) if (line.trim().length >= MIN_LINE) found.add(line.trim());
}
