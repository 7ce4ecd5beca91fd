import { STATE_VERSION } from "../../src/jobs/state-header.ts";
import {
  type JobRecord,
  type QueuedRun,
  noCounts,
  type StateRecord,
} from "../../src/jobs/state-record.ts";
import { aDefinition, type DefinitionParts } from "../helpers/a-definition.ts";

/** A line between the header and the end. */
export type Content = Exclude<StateRecord, { kind: "end" }>;

/** A job that fires every second from an instant on and has done nothing yet. */
export function plainJob(id: string, from: number, more: DefinitionParts = {}): JobRecord {
  return {
    kind: "job",
    definition: aDefinition({ id, createdAt: from, ...more }),
    state: "active",
    watermark: from,
    pausedAt: null,
    pausedReason: null,
    finishedAt: null,
    counts: {},
    lastRun: null,
    lastScheduledRun: null,
    lastSuccessAt: null,
    successStreak: 0,
    failuresInARow: 0,
    queued: [],
    runs: [],
    backfill: null,
  };
}

/** A queued occurrence. */
export function queuedRun(id: string, fireAt: number, more: Partial<QueuedRun> = {}): QueuedRun {
  return { id, kind: "scheduled", fireAt, dueAt: fireAt, fromAt: fireAt, count: 1, ...more };
}

/** Records as a state, with its header and its end. */
export function stateText(records: readonly Content[], sequence = 100): string {
  const counts = noCounts();
  for (const { kind } of records) counts[kind] += 1;
  const header = {
    cronduit: "state",
    version: STATE_VERSION,
    exportedAt: "2026-03-01T12:00:00.000Z",
    from: "a test",
    sequence,
  };
  return [header, ...records, { kind: "end", counts }]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("");
}
