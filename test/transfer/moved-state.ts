import { TESTER } from "../helpers/tester.ts";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import type { Engine } from "../../src/engine/port/engine.ts";
import type { StateRecord } from "../../src/jobs/state-record.ts";
import { PipelineRegistry } from "../../src/pipeline/registry.ts";
import {
  type ExportOptions,
  exportOptionsSchema,
} from "../../src/scheduler/transfer/export-options.ts";
import { exportState } from "../../src/scheduler/transfer/export-state.ts";
import { importOptionsSchema, importState } from "../../src/scheduler/transfer/import-state.ts";

/** Never waits, so that a fleet without workers is found at a standstill immediately. */
const hasty: Clock = {
  ...systemClock,
  after: (_, action) => systemClock.after(0, action),
};

/** The state of an engine as text. */
export async function exported(engine: Engine, given: ExportOptions = {}): Promise<string> {
  const options = exportOptionsSchema.parse(given);
  const parts = { engine, clock: hasty, registry: new PipelineRegistry(), by: TESTER };
  let text = "";
  for await (const line of exportState(parts, options)) text += line;
  return text;
}

/** Imports a state with the defaults. */
export function imported(engine: Engine, text: string, options: object = {}) {
  return importState({ engine, by: TESTER }, text, importOptionsSchema.parse(options));
}

/** A state in an order that does not depend on the engine, of the jobs that are wanted; without header and end. */
export function comparable(
  text: string,
  isWanted: (jobId: string) => boolean = () => true,
): unknown {
  const records = text
    .trimEnd()
    .split("\n")
    .slice(1, -1)
    .map((line) => JSON.parse(line) as Exclude<StateRecord, { kind: "end" }>);
  for (const record of records) {
    if (record.kind === "job" || record.kind === "removed-job")
      record.runs.sort((a, b) => (a.queueJobId < b.queueJobId ? -1 : 1));
  }
  const key = (record: (typeof records)[number]): string => {
    if (record.kind === "job") return `${record.definition.id} 0`;
    if (record.kind === "request") return `${record.jobId} 1 ${record.runId}`;
    if (record.kind === "step") return `${record.jobId} 1s ${record.runId} ${record.step.name}`;
    if (record.kind === "ledger") return `${record.jobId} 2 ${record.row.fireAt} ${record.row.id}`;
    if (record.kind === "revision") return `${record.jobId} 3`;
    return record.kind === "document" ? record.key : `${record.jobId} 0`;
  };
  return records
    .filter((record) => {
      if (record.kind === "document") return true;
      return isWanted(record.kind === "job" ? record.definition.id : record.jobId);
    })
    .toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
