import type { EpochMs } from "../../core/clock.ts";
import type { Actor } from "../../jobs/actor.ts";
import type { LedgerRow, RunKind } from "../../jobs/ledger-row.ts";
import { unpack, type Written } from "../codec/stored-json.ts";

/** Reads a row of the ledger. */
export function decodeRow(text: string): LedgerRow {
  return unpack<LedgerRow>(JSON.parse(text) as Written<LedgerRow>);
}

/** A running run as the scripts store it. */
type Running = Written<LedgerRow> & {
  readonly isHandedBack?: boolean;
  readonly suspended?: "retry" | "sleep";
  /** When the attempt began, if a later start continues it after a sleep. */
  readonly attemptAt?: EpochMs;
};

function stateOf({ suspended, isHandedBack }: Running): LedgerRow["state"] {
  if (suspended === "sleep") return "sleeping";
  return suspended === "retry" || isHandedBack === true ? "retrying" : "running";
}

/** A running run as a row of the ledger. */
export function rowOfRunning(text: string): LedgerRow {
  const held = JSON.parse(text) as Running;
  const startedAt = held.attemptAt ?? held.startedAt;
  return unpack<LedgerRow>({
    id: held.id,
    state: stateOf(held),
    kind: held.kind,
    ...(held.owner === undefined ? {} : { owner: held.owner }),
    ...(held.by && { by: held.by }),
    fireAt: held.fireAt,
    dueAt: held.dueAt,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(held.attempt === undefined ? {} : { attempt: held.attempt }),
    ...(held.worker === undefined ? {} : { worker: held.worker }),
    ...(held.error === undefined ? {} : { error: held.error }),
  });
}

/** A queued run, which is stored behind its id, as a row of the ledger. */
export function rowOfQueued(member: string): LedgerRow {
  const { id, kind, fireAt, dueAt, waitUntil, by } = JSON.parse(
    member.slice(member.indexOf("\n") + 1),
  ) as {
    readonly id: string;
    readonly kind: RunKind;
    readonly fireAt: EpochMs;
    readonly dueAt: EpochMs;
    readonly waitUntil?: EpochMs;
    readonly by?: Actor;
  };
  return {
    id,
    state: "queued",
    kind,
    ...(by && { by }),
    fireAt,
    dueAt,
    ...(waitUntil === undefined ? {} : { waitUntil }),
  };
}

/** A manual run that no worker has taken, as a row of the ledger. */
export function rowOfRequest(id: string, text: string): LedgerRow {
  const { fireAt, by } = JSON.parse(text) as { fireAt: EpochMs; by?: Actor };
  return { id, state: "queued", kind: "manual", ...(by && { by }), fireAt, dueAt: fireAt };
}
