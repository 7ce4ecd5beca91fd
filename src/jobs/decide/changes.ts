import type { Actor } from "../actor.ts";
import { type JobChange, type JobPut, type JobRemoval, kindOfChange } from "../job-requests.ts";
import {
  type Bulk,
  type BulkPart,
  type ChangeKind,
  type ChangeList,
  type JobRevisions,
  MAX_REVISIONS,
  type NotedChange,
  type Revision,
  type Superseded,
} from "../noted-change.ts";
import type { Scope } from "../scope.ts";
import { seenRevisions } from "../seen-changes.ts";
import type { Changes, JobEntry, QueueState } from "./state.ts";
import { ownerOf, type Step } from "./step.ts";

/** How many changes each list keeps, and for how long: 10,000 together, and a year. */
const MOST_OF: Readonly<Record<ChangeList, number>> = { main: 8_000, routine: 2_000 };
const YEAR_MS = 365 * 86_400_000;
/** Old changes that a new one may push out. */
const MAX_EXPIRED = 10;
/** So many jobs of a call that changes many are named, and so many of each owner in any case. */
const MAX_NAMED = 20;
const NAMED_OF_OWNER = 3;
/** An entry is of so many owners; what a call does to the jobs of more is listed as another. */
const MAX_PARTS = 100;
/** A call that changes many jobs must go on within this time, or what follows is listed as another. */
const BULK_MS = 3_600_000;

/** What programs and cronduit itself do all day. */
const ROUTINE: ReadonlySet<ChangeKind> = new Set(["added", "removed", "run", "cancelled"]);

/** What the job itself or its ledger says already. */
const ELSEWHERE: ReadonlySet<ChangeKind> = new Set(["added", "run", "cancelled"]);

/** Which list a change belongs to. */
export function listOf({ kind }: Pick<Actor, "kind">, what: ChangeKind): ChangeList {
  return (kind === "code" || kind === "system") && ROUTINE.has(what) ? "routine" : "main";
}

/** A change as it is handed in; its time is the step's. */
export type ToNote = Omit<NotedChange, "at" | "bulk"> &
  Pick<Revision, "before"> & { readonly bulk?: Bulk | undefined };

/** Notes a change in the fleet's list and, unless that says nothing new, in that of the job. */
export function noteChange(step: Step, { before, bulk, ...change }: ToNote): void {
  const owner = change.owner ?? ownerOf(step, change.jobId);
  const noted: NotedChange = {
    ...change,
    at: step.now,
    ...(owner === undefined ? {} : { owner }),
    ...(bulk && { bulk: bulk.id }),
  };
  addToFleet(step, noted);
  const { jobId } = change;
  if (jobId !== undefined && (before !== undefined || !ELSEWHERE.has(change.what)))
    addToJob(step, jobId, noted, before);
}

/** Notes that a job was added. Only one that left changes behind has it among its own, since it says the rest itself. */
export function noteAdded(step: Step, { definition, watermark, by, bulk }: JobPut): void {
  const { id: jobId, createdAt } = definition;
  const before: Superseded = { revision: 0, state: "removed", until: createdAt, watermark };
  const isKnown = step.state.revisions.has(jobId);
  noteChange(step, { by, what: "added", jobId, bulk, ...(isKnown && { before }) });
}

/** Notes a change of a job that was made. @param before How the job was and whose, with the watermark that it has now. */
export function noteOfChange(
  step: Step,
  change: JobChange,
  {
    owner,
    ...before
  }: Pick<Superseded, "revision" | "state" | "watermark"> & { readonly owner: string | null },
): void {
  const { jobId, by, note, pausedReason, bulk } = change;
  const { plannedAt = step.now, differences } = note ?? {};
  noteChange(step, {
    by,
    what: kindOfChange(change),
    jobId,
    ...(typeof pausedReason === "string" && { reason: pausedReason }),
    ...(differences && { differences }),
    ...((owner ?? undefined) !== ownerOf(step, jobId) && { formerOwner: owner ?? "" }),
    bulk,
    before: {
      ...before,
      until: plannedAt,
      ...(note?.decidedTo === undefined ? {} : { decidedTo: note.decidedTo }),
      ...(note?.superseded && { definition: note.superseded }),
    },
  });
}

/** Notes that a job is removed, which is still there. */
export function noteRemoved(
  step: Step,
  { id: jobId, revision, state, watermark }: JobEntry,
  { by, note, bulk }: JobRemoval,
): void {
  const { plannedAt: until = step.now, superseded } = note ?? {};
  const before: Superseded = {
    revision,
    state,
    until,
    watermark,
    ...(superseded && { definition: superseded }),
  };
  noteChange(step, { by, what: "removed", jobId, bulk, before });
}

function addToFleet(step: Step, change: NotedChange): void {
  const { changes, bulks } = step.state;
  const { bulk } = change;
  const call = bulk === undefined ? undefined : bulkKey(change, bulk);
  const open = call === undefined ? undefined : bulks.get(call);
  if (open && open.endsAt > step.now && mergeInto(changes[open.list], open.place, change)) {
    open.endsAt = step.now + BULK_MS;
    return;
  }
  const list = listOf(change.by, change.what);
  const { kept } = changes[list];
  const place = (changes[list].last += 1);
  kept.push(change);
  if (call !== undefined) bulks.set(call, { list, place, endsAt: step.now + BULK_MS });
  kept.splice(0, kept.length - Math.min(kept.length, MOST_OF[list]));
  let old = 0;
  while (old < MAX_EXPIRED && (kept[old]?.at ?? Infinity) < step.now - YEAR_MS) old += 1;
  kept.splice(0, old);
}

/** Somebody may give one call's name to another. */
function bulkKey({ by, what }: NotedChange, bulk: string): string {
  return [what, by.kind, by.id, bulk].join(" ");
}

/** @returns Whether the change is listed still, and took the other one. */
function mergeInto({ kept, last }: Changes, place: number, more: NotedChange): boolean {
  const at = kept.length - 1 - (last - place);
  const known = kept[at];
  const together = known && merged(known, more);
  if (!together) return false;
  kept[at] = together;
  return true;
}

/** Several changes of one call as one; `undefined` if they are of too many owners. */
function merged(known: NotedChange, more: NotedChange): NotedChange | undefined {
  const { jobId: _, owner, formerOwner: __, differences: ___, runId: ____, ...rest } = known;
  const jobIds = [...namesOf(known), ...namesOf(more)].slice(0, MAX_NAMED);
  const isOfOne = !known.parts && !more.parts && owner === more.owner;
  const parts = isOfOne ? undefined : mergedParts(partsOf(known), partsOf(more));
  if (parts && parts.length > MAX_PARTS) return undefined;
  return {
    ...rest,
    ...(isOfOne && owner !== undefined ? { owner } : {}),
    ...(jobIds.length > 0 && { jobIds }),
    ...(parts && { parts }),
    count: (known.count ?? 1) + (more.count ?? 1),
  };
}

function namesOf({ jobId, jobIds }: Pick<NotedChange, "jobId" | "jobIds">): readonly string[] {
  return jobIds ?? (jobId === undefined ? [] : [jobId]);
}

function partsOf(change: NotedChange): readonly BulkPart[] {
  const { owner, parts, count = 1 } = change;
  return parts ?? [{ ...(owner === undefined ? {} : { owner }), count, jobIds: namesOf(change) }];
}

function mergedParts(known: readonly BulkPart[], more: readonly BulkPart[]): readonly BulkPart[] {
  const parts = [...known];
  for (const part of more) {
    const at = parts.findIndex(({ owner }) => owner === part.owner);
    const same = parts[at];
    if (!same) {
      parts.push({ ...part, jobIds: part.jobIds.slice(0, NAMED_OF_OWNER) });
      continue;
    }
    const jobIds = [...same.jobIds, ...part.jobIds].slice(
      0,
      Math.max(NAMED_OF_OWNER, same.jobIds.length),
    );
    parts[at] = { ...same, jobIds, count: same.count + part.count };
  }
  return parts;
}

function addToJob(
  step: Step,
  jobId: string,
  change: NotedChange,
  before: Revision["before"],
): void {
  const { jobId: _, jobIds: __, parts: ___, runId: ____, ...noted } = change;
  addRevision(step, jobId, { ...noted, ...(before && { before }) });
}

/** Adds a change to a job's own, the newest. */
export function addRevision({ state }: Step, jobId: string, revision: Revision): void {
  const known = state.revisions.get(jobId) ?? [];
  state.revisions.set(jobId, known);
  known.push(revision);
  known.splice(0, known.length - Math.min(known.length, MAX_REVISIONS));
}

/** A job's own changes; none once what a removed job left has ended. */
export function readRevisions(
  state: QueueState,
  scope: Scope,
  jobId: string,
  now: number,
): JobRevisions {
  const endsAt = state.ledgers.get(jobId)?.expiresAt ?? Infinity;
  const known = endsAt <= now ? [] : (state.revisions.get(jobId) ?? []);
  const revisions = known.toReversed();
  return seenRevisions(scope, { revisions, isCut: known.length >= MAX_REVISIONS });
}

/** A list's changes before a place, newest first; `last`: the place of the newest of all. */
export function readChanges(
  state: QueueState,
  list: ChangeList,
  before: number | undefined,
  limit: number,
): { readonly last: number; readonly changes: readonly NotedChange[] } {
  const { last, kept } = state.changes[list];
  const end = Math.max(0, kept.length - (last - Math.min(last, (before ?? last + 1) - 1)));
  return { last, changes: kept.slice(Math.max(0, end - limit), end).toReversed() };
}
