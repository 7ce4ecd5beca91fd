import { isDeepStrictEqual } from "node:util";
import { CronduitError } from "../../core/errors.ts";
import type { DocumentsPort, Engine } from "../../engine/port/engine.ts";
import type { DocumentRecord } from "../../jobs/state-record.ts";
import type { CheckedState } from "./checked-state.ts";

const KEYS_A_PAGE = 100;
const MAX_TOLD = 20;

/**
 * Documents that are here already, with the value that they have in the state, are no conflict: a former try of this import
 * may have stored them.
 * @throws {@link CronduitError} `CONFLICTING_ID`
 */
export async function refuseExistingDocuments(
  { documents }: Pick<Engine, "documents">,
  state: CheckedState,
): Promise<void> {
  const keys: string[] = [];
  for await (const page of pagesOf(state)) keys.push(...(await conflictsIn(documents, page)));
  if (keys.length > 0) throw conflict(keys);
}

async function conflictsIn(
  documents: DocumentsPort,
  page: readonly DocumentRecord[],
): Promise<string[]> {
  const present = await documents.getMany(page.map(({ key }) => key));
  const isOther = ({ value }: DocumentRecord, i: number): boolean =>
    present[i] !== undefined && !isDeepStrictEqual(present[i].value, value);
  return page.filter(isOther).map(({ key }) => key);
}

/**
 * Stores documents that are not here. Their revisions are new: nobody here has read them.
 * @param isSkipping Leaves those that somebody has stored meanwhile; otherwise they are a conflict.
 * @returns how many of the state's are here as the state has them
 * @throws {@link CronduitError} `CONFLICTING_ID`
 */
export async function storeDocuments(
  { documents }: Pick<Engine, "documents">,
  state: CheckedState,
  isSkipping: boolean,
): Promise<number> {
  let count = 0;
  for await (const page of pagesOf(state)) {
    for (const { key, value, expiresAt } of page) {
      const answer = await documents.putIfRevision(key, value, "absent", { expiresAt });
      const isHere = answer.outcome === "stored" || isDeepStrictEqual(answer.present?.value, value);
      if (isHere) count += 1;
      else if (!isSkipping) throw conflict([key]);
    }
  }
  return count;
}

async function* pagesOf(state: CheckedState): AsyncGenerator<DocumentRecord[], void> {
  if (state.counts.document === 0) return;
  let page: DocumentRecord[] = [];
  for await (const record of state.records()) {
    if (record.kind !== "document") continue;
    page.push(record);
    if (page.length < KEYS_A_PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

function conflict(keys: readonly string[]): CronduitError {
  const told = keys.slice(0, MAX_TOLD).map((key) => `"${key}"`);
  const more = keys.length > MAX_TOLD ? ` and ${keys.length - MAX_TOLD} more` : "";
  return new CronduitError(
    "CONFLICTING_ID",
    `importState: these documents are here already, with another content: ${told.join(", ")}${more}. Delete them, or pass onConflict: "skip" to leave them as they are.`,
    { data: { keys } },
  );
}
