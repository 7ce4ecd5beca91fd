import type { EpochMs } from "../../core/clock.ts";
import { wakeUpId } from "../../jobs/occurrence-id.ts";
import type { LedgerRow } from "../../jobs/run.ts";

/** Rows carry `result` and `error` as JSON text, so that scripts pass them on without taking them apart. */
interface WrittenRow extends Omit<LedgerRow, "result" | "error"> {
  readonly result?: string;
  readonly error?: string;
}

function unpack(row: WrittenRow): LedgerRow {
  const { result, error, ...rest } = row;
  return {
    ...rest,
    ...(result === undefined ? {} : { result: JSON.parse(result) as unknown }),
    ...(error === undefined ? {} : { error: JSON.parse(error) as NonNullable<LedgerRow["error"]> }),
  };
}

/** Reads a row of the ledger. */
export function decodeRow(text: string): LedgerRow {
  return unpack(JSON.parse(text) as WrittenRow);
}

/** An instance as `admit.lua` stores it, seen as a row of the ledger. */
export function rowOfInstance(text: string): LedgerRow {
  const held = JSON.parse(text) as LedgerRow & { handedBack?: boolean };
  return {
    id: held.id,
    state: held.handedBack ? "retrying" : "running",
    kind: held.kind,
    fireAt: held.fireAt,
    dueAt: held.dueAt,
    ...(held.startedAt === undefined ? {} : { startedAt: held.startedAt }),
    ...(held.attempt === undefined ? {} : { attempt: held.attempt }),
    ...(held.worker === undefined ? {} : { worker: held.worker }),
  };
}

/** A queued occurrence, seen as a row of the ledger. */
export function rowOfQueued(jobId: string, text: string): LedgerRow {
  const { fireAt, dueAt, generation } = JSON.parse(text) as {
    fireAt: EpochMs;
    dueAt: EpochMs;
    generation: number;
  };
  const id = wakeUpId({ jobId, kind: "occurrence", sequence: generation, fireAt });
  return { id, state: "queued", kind: "scheduled", fireAt, dueAt };
}

/** A manual run that waits for a worker, seen as a row of the ledger. */
export function rowOfAsked(id: string, text: string): LedgerRow {
  const { fireAt } = JSON.parse(text) as { fireAt: EpochMs };
  return { id, state: "queued", kind: "manual", fireAt, dueAt: fireAt };
}
