import type { EpochMs } from "../../core/clock.ts";
import type { WrittenDocument } from "../codec/document-codec.ts";

/** A document with the mark of the call that wrote it. */
export interface KeptDocument extends WrittenDocument {
  readonly token: string;
}

/** Documents by key, with their keys in order. */
export class DocumentStore {
  readonly #documents = new Map<string, KeptDocument>();
  /** In the order of their bytes, as servers have it. */
  readonly #keys: string[] = [];
  #revision = 0;

  /** A document that has not expired. */
  find(key: string, now: EpochMs): KeptDocument | undefined {
    const document = this.#documents.get(key);
    return document && document.expiresAt !== undefined && document.expiresAt <= now
      ? undefined
      : document;
  }

  put(document: Omit<KeptDocument, "revision">): KeptDocument {
    this.#revision += 1;
    const { key } = document;
    if (!this.#documents.has(key)) this.#keys.splice(this.#placeAfter(key), 0, key);
    const kept = { ...document, revision: this.#revision };
    this.#documents.set(key, kept);
    return kept;
  }

  delete(key: string): void {
    if (this.#documents.delete(key)) this.#keys.splice(this.#placeAfter(key) - 1, 1);
  }

  /** Up to `limit` keys with this prefix, behind the cursor. */
  keysAfter(cursor: string | undefined, prefix: string, limit: number): string[] {
    const from = cursor === undefined ? this.#placeOf(prefix) : this.#placeAfter(cursor);
    const keys = this.#keys.slice(from, from + limit);
    const end = keys.findIndex((key) => !key.startsWith(prefix));
    return end < 0 ? keys : keys.slice(0, end);
  }

  /** Forgets what has expired. */
  sweep(now: EpochMs): void {
    const expired = [...this.#documents.keys()].filter((key) => !this.find(key, now));
    for (const key of expired) this.delete(key);
  }

  /** How many keys come before this one. */
  #placeOf(key: string): number {
    return this.#place((other) => compareKeys(other, key) < 0);
  }

  /** How many keys come before this one or are it. */
  #placeAfter(key: string): number {
    return this.#place((other) => compareKeys(other, key) <= 0);
  }

  #place(isBefore: (key: string) => boolean): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (isBefore(this.#keys[middle] ?? "")) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** JavaScript compares UTF-16 units, which is another order. */
function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
