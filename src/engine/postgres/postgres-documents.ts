import { SharedReads } from "../calls/shared-reads.ts";
import * as codec from "../codec/document-codec.ts";
import type { Tell } from "../codec/readable.ts";
import type {
  DocumentDeletion,
  DocumentOptions,
  DocumentPage,
  DocumentPutAnswer,
  DocumentsPort,
  StoredDocument,
} from "../port/documents.ts";
import type { PostgresLink } from "./postgres-link.ts";

/** Documents on PostgreSQL. */
export class PostgresDocuments implements DocumentsPort {
  readonly #link: PostgresLink;
  readonly #tell: Tell;
  readonly #reads = new SharedReads((keys) => this.#readAll(keys));

  constructor(link: PostgresLink, tell: Tell) {
    this.#link = link;
    this.#tell = tell;
  }

  async get(key: string): Promise<StoredDocument | undefined> {
    return (await this.getMany([key]))[0];
  }

  async getMany(keys: readonly string[]): Promise<(StoredDocument | undefined)[]> {
    codec.requireKeys(keys);
    return this.#reads.read(keys);
  }

  async #readAll(keys: readonly string[]): Promise<(StoredDocument | undefined)[]> {
    const answer = await this.#link.run("readDocuments", "read_documents", { keys });
    const found = JSON.parse(answer ?? "[]") as codec.WrittenDocument[];
    return codec.decodeDocuments(keys, found, this.#tell);
  }

  async putIfRevision(
    key: string,
    value: unknown,
    expected: number | "absent",
    options?: DocumentOptions,
  ): Promise<DocumentPutAnswer> {
    const put = codec.encodePutDocument(key, value, expected, options);
    const answer = await this.#link.run("putDocument", "put_document", put);
    return codec.decodePutAnswer(answer, this.#tell);
  }

  async delete(key: string, expected?: number): Promise<DocumentDeletion> {
    codec.requireKey(key);
    const asked = { key, expected };
    const answer = await this.#link.run("deleteDocument", "delete_document", asked);
    return codec.decodeDeletion(answer, this.#tell);
  }

  async list(prefix: string, cursor: string | undefined, limit: number): Promise<DocumentPage> {
    codec.requirePage(prefix, limit);
    const asked = { start: prefix, cursor, limit };
    const answer = await this.#link.run("listDocuments", "list_documents", asked);
    const page = JSON.parse(String(answer)) as {
      readonly cursor?: string;
      readonly documents: readonly codec.WrittenDocument[];
    };
    return codec.decodePage(page.documents, page.cursor, this.#tell);
  }
}
