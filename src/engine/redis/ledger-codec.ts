import type { EpochMs } from "../../core/clock.ts";
import { wakeUpId } from "../../jobs/occurrence-id.ts";
import type { LedgerRow } from "../../jobs/run.ts";
import { unpack, type Written } from "../stored-json.ts";

/** Reads a row of the ledger. */
export function decodeRow(text: string): LedgerRow {
  return unpack<LedgerRow>(JSON.parse(text) as Written<LedgerRow>);
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
