import type { BulkPart, JobRevisions, NotedChange, Revision } from "./noted-change.ts";
import { isVisible, type Scope } from "./scope.ts";

/**
 * A change of the fleet as a reader sees it, if it does. Of a call that changed the jobs of several owners, it sees that its
 * own were, and how many. Who had a job before or has it afterwards sees that it changed hands, but not from what to what.
 */
export function seenChange(scope: Scope, change: NotedChange): NotedChange | undefined {
  if (scope === "all") return change;
  const { parts, differences: _, formerOwner, ...rest } = change;
  if (parts) return ownParts(scope, parts, rest);
  const [isOwn, wasOwn] = [isVisible(scope, rest.owner), isVisible(scope, formerOwner)];
  if (formerOwner === undefined || (isOwn && wasOwn)) return isOwn ? change : undefined;
  if (isOwn) return rest;
  const { owner: __, ...left } = rest;
  return wasOwn ? { ...left, owner: formerOwner } : undefined;
}

function ownParts(
  scope: Scope,
  parts: readonly BulkPart[],
  rest: NotedChange,
): NotedChange | undefined {
  const own = parts.filter(({ owner }) => isVisible(scope, owner));
  const [first] = own;
  if (!first) return undefined;
  return {
    ...rest,
    ...(own.length === 1 && first.owner !== undefined ? { owner: first.owner } : {}),
    jobIds: own.flatMap(({ jobIds }) => jobIds),
    count: own.reduce((sum, { count }) => sum + count, 0),
  };
}

/** A job's changes as far as they are seen: those of a time when its owner was one of the reader's. */
export function seenRevisions(scope: Scope, { revisions, isCut }: JobRevisions): JobRevisions {
  if (scope === "all") return { revisions, isCut };
  const seen = revisions.flatMap((revision) => seenRevision(scope, revision) ?? []);
  const last = revisions.at(-1);
  return { revisions: seen, isCut: isCut && last !== undefined && isVisible(scope, last.owner) };
}

function seenRevision(scope: Scope, revision: Revision): Revision | undefined {
  const { before } = revision;
  const seen = seenChange(scope, revision);
  if (!seen || seen === revision) return seen && revision;
  if (!before || !isVisible(scope, revision.owner)) return { ...seen, ...(before && { before }) };
  // Before that there was no such job, as far as this reader may know.
  const { until, watermark } = before;
  return { ...seen, before: { revision: 0, state: "removed", until, watermark } };
}
