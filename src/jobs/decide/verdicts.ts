import type { StoredError } from "../../core/stored-error.ts";
import type { Actor } from "../actor.ts";
import type { EventName } from "../event.ts";
import type { SkippedSpan } from "../job-requests.ts";
import type { LedgerRow, RunKind } from "../ledger-row.ts";
import type { CancelRequest } from "../manual-requests.ts";
import { queueJobIdOf } from "../occurrence-id.ts";
import type { Occurrence, Span } from "../schedule.ts";
import type { SkipReason, Verdict } from "../verdict.ts";
import { ofSpan, spanAndSingles, type Together } from "./catch-up.ts";
import type { NamedFacts } from "../../conditions/run-program.ts";
import { keepRow } from "./retention.ts";
import type { JobEntry } from "./state.ts";
import { type Step, tell } from "./step.ts";

/** Occurrences that get a verdict without running. */
export interface Decided extends Together {
  /** Absent: the id of its latest occurrence in the job's present generation. */
  readonly id?: string | undefined;
  /** Absent: scheduled. */
  readonly kind?: RunKind | undefined;
  /** Who asked for a manual run. */
  readonly by?: Actor;
}

/** Why they do not run. */
export interface Decision {
  readonly verdict: Verdict;
  readonly event: EventName;
  readonly reason?: SkipReason | undefined;
  /** The run that they are coalesced into. */
  readonly into?: string;
  readonly facts?: NamedFacts | undefined;
  readonly error?: StoredError;
  /** Who cancelled it. */
  readonly cancelledBy?: Actor | undefined;
  /** Who asked for it to be skipped. */
  readonly by?: Actor | undefined;
  /** What they wrote. */
  readonly note?: string | undefined;
}

/** The id of a scheduled run of the job's present generation. */
export function runIdOf(
  { id, generation }: Pick<JobEntry, "id" | "generation">,
  fireAt: number,
): string {
  return queueJobIdOf({ jobId: id, kind: "occurrence", sequence: generation, fireAt });
}

/** Records occurrences that will not run: one row of the ledger and one event, however many they are. */
export function decideAgainst(step: Step, job: JobEntry, decided: Decided, why: Decision): void {
  const { fireAt, dueAt, fromAt, count } = decided;
  const id = decided.id ?? runIdOf(job, fireAt);
  const by = decided.by ?? why.by;
  const row: LedgerRow = {
    id,
    state: why.verdict,
    kind: decided.kind ?? "scheduled",
    fireAt,
    dueAt,
    ...(count > 1 ? { fromAt, count } : {}),
    decidedAt: step.now,
    ...(why.reason === undefined ? {} : { reason: why.reason }),
    ...(why.into === undefined ? {} : { coalescedInto: why.into }),
    ...(why.facts === undefined ? {} : { facts: why.facts }),
    ...(why.error === undefined ? {} : { error: why.error }),
    ...(by && { by }),
    ...(why.cancelledBy && { cancelledBy: why.cancelledBy }),
    ...(why.note === undefined ? {} : { note: why.note }),
  };
  keepRow(step, job.id, row, job.rules);
  addCount(job.counts, why.verdict, count);
  tell(step, {
    name: why.event,
    jobId: job.id,
    runId: why.into ?? id,
    fireAt,
    count,
    reason: why.reason,
    error: why.error,
    by: why.cancelledBy ?? why.by,
    note: why.note,
  });
}

/** Records neighbours that share a verdict, oldest first: the latest singly, older ones as one span. */
export function decideEach(
  step: Step,
  job: JobEntry,
  list: readonly (Occurrence & Pick<Decided, "id" | "kind">)[],
  why: Decision,
  older?: Span,
): void {
  const { span, last, singles } = spanAndSingles(list, older);
  if (span) decideAgainst(step, job, { ...span, id: last?.id }, why);
  for (const one of singles)
    decideAgainst(step, job, { ...one, fromAt: one.fireAt, count: 1 }, why);
}

/** Records what a change of the job decides. */
export function decideSpans(step: Step, job: JobEntry, spans: readonly SkippedSpan[]): void {
  for (const span of spans) {
    const { verdict, reason } = span;
    const event = verdict === "missed" ? "JOB_MISSED" : "JOB_SKIPPED";
    decideAgainst(step, job, ofSpan(span), { verdict, event, reason });
  }
}

/** Why a run is cancelled, and by whom. */
export type CancelWhy = Pick<CancelRequest, "reason" | "by">;

/** Records a run that was cancelled before it started. */
export function decideCancelled(
  step: Step,
  job: JobEntry,
  run: Decided,
  { reason, by }: CancelWhy,
): void {
  const error = cancelError(reason);
  const why = { verdict: "cancelled", event: "JOB_CANCELLED", error, cancelledBy: by } as const;
  decideAgainst(step, job, run, why);
}

/** The error of a run that somebody cancelled. */
export function cancelError(message: string): StoredError {
  return { name: "CronduitError", message, code: "RUN_CANCELLED" };
}

/** Counts a verdict. */
export function addCount(
  counts: Partial<Record<Verdict, number>>,
  verdict: Verdict,
  more: number,
): void {
  counts[verdict] = (counts[verdict] ?? 0) + more;
}
