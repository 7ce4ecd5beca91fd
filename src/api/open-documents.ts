import { CronduitError } from "../core/errors.ts";
import type {
  DocumentOptions,
  DocumentsPort,
  Engine,
  StoredDocument,
} from "../engine/port/engine.ts";

/** How often a change is tried that others get ahead of. */
const MAX_TRIES = 50;
const A_PAGE = 1_000;

/** Gives the fleet's documents, connected. */
export type OpenDocuments = () => Promise<DocumentsPort>;

/** Connects when documents are first needed. */
export function openDocumentsOf(engine: Engine): OpenDocuments {
  return async () => {
    await engine.open();
    return engine.documents;
  };
}

/** What a document is to become; `undefined`: it stays as it is. */
type Changed<T> = { readonly value: T; readonly options?: DocumentOptions } | undefined;
/** Says what a document is to become, by what it is. */
export type Change<T> = (present: StoredDocument | undefined) => Changed<T> | Promise<Changed<T>>;

/**
 * Changes a document as it is at that moment, whoever else changes it.
 * @param change May be called several times; what it throws is thrown, and nothing is stored.
 * @returns what was stored, or `undefined` if it stays as it is
 */
export async function changeDocument<T>(
  documents: DocumentsPort,
  key: string,
  change: Change<T>,
): Promise<T | undefined> {
  let present = await documents.get(key);
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const next = await change(present);
    if (next === undefined) return undefined;
    const { value, options } = next;
    const answer = await documents.putIfRevision(
      key,
      value,
      present?.revision ?? "absent",
      options,
    );
    if (answer.outcome === "stored") return value;
    ({ present } = answer);
  }
  throw new CronduitError(
    "INVALID_STATE",
    "Too many others are changing this at the same time; try again.",
  );
}

/** @yields All documents whose keys begin so. */
export async function* allDocuments(
  documents: DocumentsPort,
  prefix: string,
): AsyncGenerator<StoredDocument, void> {
  let cursor: string | undefined;
  do {
    const page = await documents.list(prefix, cursor, A_PAGE);
    yield* page.documents;
    ({ cursor } = page);
  } while (cursor !== undefined);
}
