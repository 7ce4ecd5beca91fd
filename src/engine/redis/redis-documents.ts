import { SharedReads } from "../calls/shared-reads.ts";
import * as codec from "../codec/document-codec.ts";
import { readEach } from "../codec/readable.ts";
import { toJson } from "../codec/stored-json.ts";
import type {
  DocumentDeletion,
  DocumentOptions,
  DocumentPage,
  DocumentPutAnswer,
  DocumentsPort,
  StoredDocument,
} from "../port/documents.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** Documents on Redis. */
export class RedisDocuments implements DocumentsPort {
  readonly #calls: RedisCalls;
  readonly #reads = new SharedReads((keys) => this.#readAll(keys));

  constructor(calls: RedisCalls) {
    this.#calls = calls;
  }

  async get(key: string): Promise<StoredDocument | undefined> {
    return (await this.getMany([key]))[0];
  }

  async getMany(keys: readonly string[]): Promise<(StoredDocument | undefined)[]> {
    codec.requireKeys(keys);
    return this.#reads.read(keys);
  }

  async #readAll(keys: readonly string[]): Promise<(StoredDocument | undefined)[]> {
    const texts = (await this.#calls.run("read_documents", {}, keys)) as string[];
    return codec.decodeDocuments(keys, this.#read(texts), this.#calls.tell);
  }

  async putIfRevision(
    key: string,
    value: unknown,
    expected: number | "absent",
    options?: DocumentOptions,
  ): Promise<DocumentPutAnswer> {
    const document = toJson(codec.encodePutDocument(key, value, expected, options));
    const answer = await this.#calls.run("put_document", { document });
    return codec.decodePutAnswer(answer, this.#calls.tell);
  }

  async delete(key: string, expected?: number): Promise<DocumentDeletion> {
    codec.requireKey(key);
    const answer = await this.#calls.run("delete_document", {
      document: toJson({ key, expected }),
    });
    return codec.decodeDeletion(answer, this.#calls.tell);
  }

  async list(prefix: string, cursor = "", limit: number): Promise<DocumentPage> {
    codec.requirePage(prefix, limit);
    const [next = "", ...texts] = (await this.#calls.run("list_documents", {
      start: prefix,
      cursor,
      limit,
    })) as string[];
    return codec.decodePage(this.#read(texts), next === "" ? undefined : next, this.#calls.tell);
  }

  #read(texts: readonly string[]): codec.WrittenDocument[] {
    const read = (text: string) => JSON.parse(text) as codec.WrittenDocument;
    return readEach(texts, "document", read, this.#calls.tell);
  }
}
