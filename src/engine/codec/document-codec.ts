import { randomBytes } from "node:crypto";
import { CronduitError } from "../../core/errors.ts";
import { shown } from "../../core/shown.ts";
import { isDocumentKey, MAX_DOCUMENT_BYTES, MAX_KEY_CHARS } from "../../jobs/document-limits.ts";
import {
  type DocumentDeletion,
  type DocumentOptions,
  type DocumentPage,
  type DocumentPutAnswer,
  MAX_DOCUMENTS,
  type StoredDocument,
} from "../port/documents.ts";
import { readEach, readOne, type Tell } from "./readable.ts";

/** A document as engines write it. */
export interface WrittenDocument {
  readonly key: string;
  /** JSON text. */
  readonly value: string;
  readonly revision: number;
  readonly expiresAt?: number | undefined;
  readonly stays?: boolean | undefined;
}

/** A document as `put_document` takes it. */
export interface WrittenPut extends Omit<WrittenDocument, "revision"> {
  /** 0: it is to be absent. */
  readonly expected: number;
  /** Says that a call which is sent again, because its answer was lost, finds what it stored itself. */
  readonly token: string;
}

/** What `put_document` and `delete_document` answer, as JSON. */
interface WrittenAnswer {
  readonly o: string;
  readonly revision?: number;
  readonly document?: WrittenDocument;
}

/** @throws {@link CronduitError} `INVALID_OPTION`, `PAYLOAD_TOO_LARGE` */
export function encodePutDocument(
  key: string,
  value: unknown,
  expected: number | "absent",
  { expiresAt, stays }: DocumentOptions = {},
): WrittenPut {
  requireKey(key);
  return {
    key,
    value: textOf(key, value),
    expected: expected === "absent" ? 0 : expected,
    token: randomBytes(9).toString("base64url"),
    ...(expiresAt === undefined ? {} : { expiresAt: Math.ceil(expiresAt) }),
    ...(stays === true ? { stays } : {}),
  };
}

/** @throws {@link CronduitError} `INVALID_OPTION` */
export function requireKey(key: string): void {
  if (isDocumentKey(key)) return;
  throw new CronduitError(
    "INVALID_OPTION",
    `${shown(key)} is no key of a document: it needs 1 to ${MAX_KEY_CHARS} characters, without control characters.`,
    { data: { path: "key" } },
  );
}

/** @throws {@link CronduitError} `INVALID_OPTION` */
export function requirePage(prefix: string, limit: number): void {
  if (prefix !== "") requireKey(prefix);
  requireCount(limit, "limit");
}

/** @throws {@link CronduitError} `INVALID_OPTION` */
export function requireKeys(keys: readonly string[]): void {
  if (keys.length > 0) requireCount(keys.length, "keys");
  for (const key of keys) requireKey(key);
}

function requireCount(count: number, path: string): void {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_DOCUMENTS) return;
  throw new CronduitError(
    "INVALID_OPTION",
    `${shown(count)} documents can't be read at once: 1 to ${MAX_DOCUMENTS}.`,
    { data: { path } },
  );
}

function textOf(key: string, value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined)
    throw new CronduitError(
      "INVALID_OPTION",
      `The value of document ${shown(key)} is ${shown(value)}, which is not JSON.`,
      { data: { path: "value" } },
    );
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_DOCUMENT_BYTES) return text;
  throw new CronduitError(
    "PAYLOAD_TOO_LARGE",
    `Document ${shown(key)} has ${bytes} bytes as JSON; ${MAX_DOCUMENT_BYTES} are the limit.`,
    { data: { key, bytes } },
  );
}

/** A document whose value can't be read is reported, and counts as absent. */
export function decodeDocument(
  { key, value, revision, expiresAt, stays }: WrittenDocument,
  tell: Tell,
): StoredDocument | undefined {
  return readOne(
    "document",
    () => ({
      key,
      value: JSON.parse(value) as unknown,
      revision,
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(stays === true ? { stays } : {}),
    }),
    tell,
  );
}

/** The answer of `put_document`. */
export function decodePutAnswer(json: unknown, tell: Tell): DocumentPutAnswer {
  const { o, revision = 0, document } = JSON.parse(String(json)) as WrittenAnswer;
  if (o === "stored") return { outcome: "stored", revision };
  return { outcome: "conflict", present: document && decodeDocument(document, tell) };
}

/** The answer of `delete_document`. */
export function decodeDeletion(json: unknown, tell: Tell): DocumentDeletion {
  const { o, document } = JSON.parse(String(json)) as WrittenAnswer;
  if (o === "deleted" || o === "missing") return { outcome: o };
  return { outcome: "conflict", present: document && decodeDocument(document, tell) };
}

/** Documents in the order of the keys that were asked for. */
export function decodeDocuments(
  keys: readonly string[],
  written: readonly WrittenDocument[],
  tell: Tell,
): (StoredDocument | undefined)[] {
  const found = new Map(written.map((document) => [document.key, document]));
  return keys.map((key) => {
    const document = found.get(key);
    return document && decodeDocument(document, tell);
  });
}

/** One page of documents. */
export function decodePage(
  written: readonly WrittenDocument[],
  cursor: string | undefined,
  tell: Tell,
): DocumentPage {
  const read = (document: WrittenDocument): StoredDocument | undefined =>
    decodeDocument(document, tell);
  return { documents: readEach(written, "document", read, tell), cursor };
}
