import {
  decodeDocument,
  decodePage,
  encodePutDocument,
  requireKey,
  requireKeys,
  requirePage,
} from "../codec/document-codec.ts";
import type {
  DocumentDeletion,
  DocumentOptions,
  DocumentPage,
  DocumentPutAnswer,
  DocumentsPort,
  StoredDocument,
} from "../port/documents.ts";
import type { DocumentStore, KeptDocument } from "./document-store.ts";
import type { MemoryLink } from "./memory-link.ts";

/** Documents in memory. */
export class MemoryDocuments implements DocumentsPort {
  readonly #link: MemoryLink;

  constructor(link: MemoryLink) {
    this.#link = link;
  }

  async get(key: string): Promise<StoredDocument | undefined> {
    requireKey(key);
    return this.#read(this.#store.find(key, this.#link.now()));
  }

  async getMany(keys: readonly string[]): Promise<(StoredDocument | undefined)[]> {
    requireKeys(keys);
    const now = this.#link.now();
    return keys.map((key) => this.#read(this.#store.find(key, now)));
  }

  async putIfRevision(
    key: string,
    value: unknown,
    expected: number | "absent",
    options?: DocumentOptions,
  ): Promise<DocumentPutAnswer> {
    const { expected: revision, ...put } = encodePutDocument(key, value, expected, options);
    const present = this.#store.find(key, this.#link.now());
    if ((present?.revision ?? 0) !== revision)
      return { outcome: "conflict", present: this.#read(present) };
    return { outcome: "stored", revision: this.#store.put(put).revision };
  }

  async delete(key: string, expected?: number): Promise<DocumentDeletion> {
    requireKey(key);
    const present = this.#store.find(key, this.#link.now());
    if (!present) return { outcome: "missing" };
    if (expected !== undefined && present.revision !== expected)
      return { outcome: "conflict", present: this.#read(present) };
    this.#store.delete(key);
    return { outcome: "deleted" };
  }

  async list(prefix: string, cursor: string | undefined, limit: number): Promise<DocumentPage> {
    requirePage(prefix, limit);
    const now = this.#link.now();
    const keys = this.#store.keysAfter(cursor, prefix, limit);
    const found = keys.flatMap((key) => this.#store.find(key, now) ?? []);
    return decodePage(
      found,
      keys.length < limit ? undefined : keys.at(-1),
      this.#link.options.onError,
    );
  }

  get #store(): DocumentStore {
    return this.#link.ready().documents;
  }

  #read(document: KeptDocument | undefined): StoredDocument | undefined {
    return document && decodeDocument(document, this.#link.options.onError);
  }
}
