import type { EpochMs } from "../../core/clock.ts";

/**
 * Small JSON values under keys, for what a fleet keeps beside its jobs: accounts, tokens, sessions, accepted sets of
 * files, silences. Each has a revision, by which two writers who read the same are told apart. All are on the default
 * queue. A document that has expired is not there, for whatever asks.
 *
 * Keys have 1 to 256 characters, of any script, without control characters; their order is that of their code points.
 * Values have at most 64 KiB as JSON. `src/jobs/document-limits.ts` has both limits.
 */
export interface DocumentsPort {
  /** @throws `INVALID_OPTION` for a key that can't be one */
  get(key: string): Promise<StoredDocument | undefined>;
  /** Up to {@link MAX_DOCUMENTS} at once, in the order of the keys. */
  getMany(keys: readonly string[]): Promise<(StoredDocument | undefined)[]>;
  /**
   * Stores the document if its present revision is the one expected, or if it is `"absent"` as expected. Everything of the
   * former one is replaced, its expiry too.
   * @throws `INVALID_OPTION` for a key that can't be one, and a value that is not JSON; `PAYLOAD_TOO_LARGE`
   */
  putIfRevision(
    key: string,
    value: unknown,
    expected: number | "absent",
    options?: DocumentOptions,
  ): Promise<DocumentPutAnswer>;
  /** @param expected Only if this is its revision; absent: whatever it is. */
  delete(key: string, expected?: number): Promise<DocumentDeletion>;
  /**
   * Documents whose keys begin with the prefix, in the order of their keys. One that is there all the time is on exactly
   * one page, whatever comes and goes meanwhile.
   * @param cursor That of the page before; absent: from the start.
   * @param limit 1 to {@link MAX_DOCUMENTS}. A page may have fewer, and even none, before the last.
   */
  list(prefix: string, cursor: string | undefined, limit: number): Promise<DocumentPage>;
}

/** A document as it is stored. */
export interface StoredDocument {
  readonly key: string;
  readonly value: unknown;
  /** Another one after every change; none is ever given twice, not even to a document that was deleted and made again. */
  readonly revision: number;
  /** From when on it is not there, by the server's clock. */
  readonly expiresAt?: EpochMs;
  /** See {@link DocumentOptions}. */
  readonly stays?: true;
}

/** How a document is kept. */
export interface DocumentOptions {
  /** From when on it is not there, by the server's clock. Absent: it stays until it is deleted. */
  readonly expiresAt?: EpochMs | undefined;
  /** It means nothing elsewhere (a session, an idempotency key), and does not move with the state. @default false */
  readonly stays?: boolean | undefined;
}

/** `conflict`: nothing was stored; `present` is what was found instead. */
export type DocumentPutAnswer =
  | { readonly outcome: "stored"; readonly revision: number }
  | { readonly outcome: "conflict"; readonly present: StoredDocument | undefined };

/** `conflict`: it has another revision, and stays. */
export type DocumentDeletion =
  | { readonly outcome: "deleted" | "missing" }
  | { readonly outcome: "conflict"; readonly present: StoredDocument | undefined };

/** One page of documents. */
export interface DocumentPage {
  readonly documents: readonly StoredDocument[];
  /** Where to read on; `undefined` at the end. */
  readonly cursor: string | undefined;
}

/** Documents that one call reads. */
export const MAX_DOCUMENTS = 1_000;
