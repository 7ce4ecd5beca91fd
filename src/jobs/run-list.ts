import type { EpochMs } from "../core/clock.ts";
import type { LedgerRow, RunKind } from "./ledger-row.ts";
import type { SkipReason, Verdict } from "./verdict.ts";

/** Which decided runs of the whole fleet to list. Absent: any. */
export interface RunListQuery {
  readonly verdicts?: readonly Verdict[] | undefined;
  readonly reason?: SkipReason | undefined;
  /** The job's owner at that time. */
  readonly owner?: string | undefined;
  readonly jobId?: string | undefined;
  readonly kind?: RunKind | undefined;
  readonly worker?: string | undefined;
  /** Part of an error's name, code or message; case does not matter. */
  readonly text?: string | undefined;
  /** The job's pipeline now; no run of a removed job has one. */
  readonly pipeline?: string | undefined;
  /** A tag that the job has now. */
  readonly tag?: string | undefined;
  /** The time of the decision, both ends included. */
  readonly fromAt: EpochMs;
  readonly toAt: EpochMs;
  /** Only what comes behind this place, as an earlier list named it. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** One run of a list. */
export interface ListedRun {
  readonly jobId: string;
  readonly row: LedgerRow;
  /** Where it stands: later places come first. */
  readonly place: string;
}

/** Decided runs, the latest decision first. */
export interface RunList {
  readonly runs: readonly ListedRun[];
  /** Up to where it was looked; absent at the end. A list that is not full may have one. */
  readonly next: string | undefined;
  /** Set if the engine lists decisions from this instant on only, though jobs may have older ones on record. */
  readonly since: EpochMs | undefined;
}

/** Runs without a verdict, of some jobs. */
export interface OpenRunList {
  readonly runs: readonly Omit<ListedRun, "place">[];
  /** The last job; absent at the end. */
  readonly next: string | undefined;
}

/** What a list asks about a job. */
export interface ListedJob {
  readonly pipeline: string;
  readonly tags: readonly string[];
}

/** When a row was decided; for a run, when it ended. */
export function decidedAtOf(row: LedgerRow): EpochMs {
  return row.finishedAt ?? row.decidedAt ?? row.fireAt;
}

/**
 * Whether a row is one that a list wants, by all but its place.
 * @param job What its job is now, if there is one; only asked for if that matters.
 */
export function isListed(
  query: RunListQuery,
  jobId: string,
  row: LedgerRow,
  job: () => ListedJob | undefined,
): boolean {
  const { verdicts, reason, owner, kind, worker, text, pipeline, tag } = query;
  const at = decidedAtOf(row);
  if (at < query.fromAt || at > query.toAt) return false;
  if (verdicts && !verdicts.some((one) => one === row.state)) return false;
  if (reason !== undefined && row.reason !== reason) return false;
  if (owner !== undefined && row.owner !== owner) return false;
  if (query.jobId !== undefined && jobId !== query.jobId) return false;
  if (kind !== undefined && row.kind !== kind) return false;
  if (worker !== undefined && row.worker !== worker) return false;
  if (text !== undefined && !errorText(row).includes(text.toLowerCase())) return false;
  if (pipeline !== undefined && job()?.pipeline !== pipeline) return false;
  return tag === undefined || job()?.tags.includes(tag) === true;
}

function errorText({ error }: LedgerRow): string {
  if (!error) return "";
  return [error.name, error.code, error.message, error.reason].join("\n").toLowerCase();
}

/** A place in the order of decisions. */
export interface RunPlace {
  readonly at: EpochMs;
  /** Tells decisions of one instant apart; empty: before all of them. */
  readonly id: string;
}

/** Reads a place, which is written as its instant and, behind a colon, its id. */
export function placeOf(text: string): RunPlace {
  const colon = text.indexOf(":");
  return { at: Number(text.slice(0, colon)), id: text.slice(colon + 1) };
}
