import { Batcher } from "./batcher.ts";

/** Keys a call. */
const BATCH = 100;
/** Whoever reads more does so alone, and nobody waits for it. */
const MOST_SHARED = 4;

/**
 * Reads of one turn of the event loop, in one call: many requests come together, and each of them reads little. Nothing is kept:
 * whatever is answered was read after it was asked for.
 */
export class SharedReads<T> {
  readonly #read: (keys: readonly string[]) => Promise<readonly T[]>;
  readonly #few: Batcher<string, { readonly value: T }>;

  /** @param read Answers in the order of the keys. */
  constructor(read: (keys: readonly string[]) => Promise<readonly T[]>) {
    this.#read = read;
    this.#few = new Batcher(async (keys) => (await read(keys)).map((value) => ({ value })), BATCH);
  }

  /** @returns in the order of the keys */
  async read(keys: readonly string[]): Promise<T[]> {
    if (keys.length > MOST_SHARED) return [...(await this.#read(keys))];
    const answers = await Promise.all(keys.map((key) => this.#few.add(key)));
    return answers.map(({ value }) => value);
  }
}
