import type { JobDefinition } from "../../jobs/definition.ts";
import type { JobRevisions, NotedChange, Revision } from "../../jobs/noted-change.ts";
import { MAX_REVISIONS } from "../../jobs/noted-change.ts";
import { readEach, type Tell } from "./readable.ts";

type WrittenRevision = Omit<Revision, "before"> & {
  readonly before?: Omit<NonNullable<Revision["before"]>, "definition"> & {
    readonly definition?: string;
  };
};

/** A job's changes, from the JSON text of each, newest first. */
export function decodeRevisions(
  jobId: string,
  texts: readonly string[],
  parse: (text: string) => JobDefinition,
  tell: Tell,
): JobRevisions {
  const read = (text: string): Revision => {
    const { before, ...rest } = JSON.parse(text) as WrittenRevision;
    if (!before) return rest;
    const { definition, ...how } = before;
    return {
      ...rest,
      before: { ...how, ...(definition === undefined ? {} : { definition: parse(definition) }) },
    };
  };
  return {
    revisions: readEach(texts, `change of job "${jobId}"`, read, tell),
    isCut: texts.length >= MAX_REVISIONS,
  };
}

/** Stands for a change that can't be read, so that the others keep their places. */
const UNREADABLE: NotedChange = {
  at: 0,
  by: { kind: "system", id: "unreadable" },
  what: "modified",
};

/** Reads a change of the fleet. */
export function decodeNoted(text: string, tell: Tell): NotedChange {
  const [change] = readEach([text], "change", (one) => JSON.parse(one) as NotedChange, tell);
  return change ?? UNREADABLE;
}
