import { CronduitError } from "../core/errors.ts";
import type { Engine } from "../engine/port/engine.ts";
import { parseOptions } from "../jobs/options.ts";
import { partsOf, type PipelineScheduler } from "../scheduler/pipeline-scheduler.ts";
import { type AcceptedHead, parseHead } from "./apply/accepted-set.ts";
import { type Applied, SetApplier } from "./apply/set-applier.ts";
import { parseRejected, type RejectedSet, SetRecords } from "./apply/set-records.ts";
import {
  ACCEPTED_PREFIX,
  READER_PREFIX,
  REJECTED_PREFIX,
  sourceNameSchema,
} from "./apply/source-name.ts";
import { diffSet, type SetDiff } from "./diff/set-diff.ts";
import { lookAhead } from "./check/look-ahead.ts";
import { byPlace, type Problem } from "./file-problem.ts";
import { type JobSet, readSet, type SetFile } from "./read-set.ts";
import { type FilesReader, readersOf } from "./watch/reader-records.ts";

/** Sources that are listed. */
const MOST = 1_000;

/** A source of job files, as the fleet knows it. */
export interface FileSource {
  readonly source: string;
  /** The set in force; `null`: none was ever accepted. */
  readonly accepted: Omit<AcceptedHead, "before" | "buckets"> | null;
  /** The set that was refused last, if the files are not valid since then. */
  readonly rejected: RejectedSet | null;
  /** The processes that read its files. */
  readonly readers: readonly FilesReader[];
  /** Whether these read different files (`CONFIG_CONFLICT`): then no change takes effect. */
  readonly isInConflict: boolean;
}

/** Files that somebody gives. */
export interface GivenFiles {
  readonly source: string;
  readonly files: readonly SetFile[];
  /** Whether jobs go that the files have no more. */
  readonly prune: boolean;
}

/** What became of given files. */
export interface FilesApplied {
  readonly kind: Applied["kind"];
  readonly problems: readonly Problem[];
  readonly jobs: number;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly failed: readonly { jobId: string; code: string; message: string }[];
}

/** All sources that the fleet knows of, by their names. */
export async function listSources(engine: Pick<Engine, "documents">): Promise<FileSource[]> {
  const { documents } = engine;
  const [accepted, rejected, readers] = await Promise.all(
    [ACCEPTED_PREFIX, REJECTED_PREFIX, READER_PREFIX].map((prefix) =>
      documents.list(prefix, undefined, MOST),
    ),
  );
  const heads = new Map(
    accepted?.documents.map(({ key, value }) => [key.slice(ACCEPTED_PREFIX.length), value]),
  );
  const refused = new Map(
    rejected?.documents.map(({ key, value }) => [key.slice(REJECTED_PREFIX.length), value]),
  );
  const read = readers?.documents.map(({ key }) => key.slice(READER_PREFIX.length).split("/")[0]);
  const names = new Set([...heads.keys(), ...refused.keys(), ...(read ?? [])]);
  const sources: FileSource[] = [];
  for (const source of [...names].filter((name) => name !== undefined).toSorted()) {
    const head = parseHead(heads.get(source));
    const alive = await readersOf(engine, source);
    const digests = new Set(alive.flatMap(({ digest }) => digest ?? []));
    sources.push({
      source,
      accepted: head ? shownHead(head) : null,
      rejected: parseRejected(refused.get(source)) ?? null,
      readers: alive,
      isInConflict: digests.size > 1,
    });
  }
  return sources;
}

function shownHead(head: AcceptedHead): FileSource["accepted"] {
  const { before: _, buckets: __, ...shown } = head;
  return shown;
}

/** Compares files with what is stored; nothing is changed. @param count How many next runs of each job are compared. */
export async function diffFiles(
  scheduler: PipelineScheduler,
  { source, files, prune }: GivenFiles,
  count: number,
): Promise<SetDiff> {
  const set = await readSet(files);
  if (!set.isValid) return refusedDiff(set);
  const applier = await applierOf(scheduler, source);
  const diff = await diffSet(applier, { jobs: set.jobs, prune }, count);
  return { ...diff, problems: [...set.problems, ...diff.problems] };
}

function refusedDiff({ problems }: JobSet): SetDiff {
  const none = { jobs: 0, added: 0, changed: 0, removed: 0, needCare: 0, changes: [] };
  return { isValid: false, problems, ...none };
}

/**
 * Applies files, as a whole or not at all.
 * @param note Who asked for it.
 * @throws {@link CronduitError} `CONFIG_CONFLICT` if a process watches this source, and reads something else
 */
export async function applyFiles(
  scheduler: PipelineScheduler,
  { source, files, prune }: GivenFiles,
  note?: string,
): Promise<FilesApplied> {
  const set = await readSet(files);
  const none = { jobs: 0, added: 0, changed: 0, removed: 0, failed: [] };
  if (!set.isValid) return { kind: "rejected", problems: set.problems, ...none };
  const applier = await applierOf(scheduler, source);
  const { engine } = applier;
  const readers = await readersOf(engine, source);
  const other = readers.find(({ digest }) => digest !== null && digest !== set.digest);
  if (other) throw inConflict(source, other);
  const applied = await applier.accept({ jobs: set.jobs, digest: set.digest, prune, note });
  const problems = "problems" in applied ? [...set.problems, ...applied.problems] : set.problems;
  if (applied.kind !== "applied")
    return { ...none, kind: applied.kind, problems, jobs: set.jobs.length };
  const { added, changed, removed } = applied.changes;
  const numbers = { added: added.length, changed: changed.length, removed: removed.length };
  const count = numbers.added + numbers.changed + numbers.removed;
  const by = note === undefined ? "" : ` (${note})`;
  const words = `${numbers.added} new, ${numbers.changed} changed, ${numbers.removed} removed${by}`;
  await new SetRecords(engine, source).announce("applied", words, count);
  const { failed } = applied;
  return { kind: "applied", problems, jobs: set.jobs.length, ...numbers, failed };
}

/** What {@link applyFiles} would do. */
export async function tryFiles(
  scheduler: PipelineScheduler,
  { source, files, prune }: GivenFiles,
): Promise<FilesApplied> {
  const set = await readSet(files);
  const none = { jobs: 0, added: 0, changed: 0, removed: 0, failed: [] };
  if (!set.isValid) return { kind: "rejected", problems: set.problems, ...none };
  const { changes, removed, problems } = await (await applierOf(scheduler, source)).preview(set);
  const told = { problems: [...set.problems, ...problems], jobs: set.jobs.length };
  if (problems.some(({ severity }) => severity === "error"))
    return { ...none, kind: "rejected", ...told };
  const numbers = {
    added: changes.added.length,
    changed: changes.changed.length,
    removed: prune ? removed.length : 0,
  };
  const isNone = numbers.added + numbers.changed + numbers.removed === 0;
  return { kind: isNone ? "unchanged" : "applied", ...told, ...numbers, failed: [] };
}

async function applierOf(scheduler: PipelineScheduler, source: string): Promise<SetApplier> {
  parseOptions(sourceNameSchema, source, "job files, source");
  await partsOf(scheduler)?.engine.open();
  return new SetApplier({ scheduler, source });
}

function inConflict(source: string, { host, pid }: FilesReader): CronduitError {
  return new CronduitError(
    "CONFIG_CONFLICT",
    `Source "${source}" is read from files by process ${pid} on ${host}, which have other content than these. Change the files there, or apply these as another source.`,
    { data: { source, host, pid } },
  );
}

/** What is right and wrong in files, as far as that can be said without their fleet. */
export interface FilesValidated {
  readonly isValid: boolean;
  readonly jobs: number;
  readonly problems: readonly Problem[];
}

/**
 * Checks files, and looks a year ahead for what may surprise.
 * @param scheduler Knows the pipelines. With that of the fleet, whose ids are taken is told as well.
 */
export async function validateFiles(
  scheduler: PipelineScheduler,
  set: JobSet,
  source: string,
): Promise<FilesValidated> {
  if (!set.isValid) return { isValid: false, jobs: 0, problems: set.problems };
  const applier = await applierOf(scheduler, source);
  const { jobs, problems } = await applier.examine(set.jobs);
  const toCome = jobs.map(({ job, declaration: { definition } }) => ({ job, definition }));
  const ahead = lookAhead(toCome, await applier.engine.now());
  const all = [...set.problems, ...problems, ...ahead].toSorted(byPlace);
  const isValid = all.every(({ severity }) => severity !== "error");
  return { isValid, jobs: set.jobs.length, problems: all };
}
