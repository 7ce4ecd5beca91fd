import type { JobToAdd } from "cronduit";
import {
  Aggregate,
  LookAtDisk,
  MeasureProcessors,
  ReadSensor,
  SampleMachine,
  TakeInventory,
  WatchLoad,
} from "./pipelines.ts";

const SECOND = 1_000;

/** A job of the demo with its due times, computed without the scheduler. */
export interface PlannedJob extends JobToAdd {
  readonly id: string;
  readonly dueAt: readonly number[];
}

/** The jobs with their due times from `from` (a whole second) to `to`, both inclusive. */
export function planJobs(folder: string, from: number, to: number): PlannedJob[] {
  const window = { startDate: new Date(from), endDate: new Date(to) };
  const params = { folder };
  const every = (seconds: number) =>
    ({ trigger: "interval", seconds, ...window }) satisfies JobToAdd["options"];
  const once = (afterMs: number) =>
    ({ trigger: "date", runDate: new Date(from + afterMs) }) satisfies JobToAdd["options"];
  const steps = (stepMs: number, first = from): number[] =>
    Array.from({ length: Math.floor((to - first) / stepMs) + 1 }, (_, i) => first + i * stepMs);
  const wholeFives = steps(5 * SECOND, Math.ceil(from / 5_000) * 5_000);
  const plan: [string, JobToAdd["pipeline"], JobToAdd["options"], number[]][] = [
    ["sample", SampleMachine, { ...every(1), params }, steps(SECOND)],
    ["disk", LookAtDisk, { ...every(1), params }, steps(SECOND)],
    ["processors", MeasureProcessors, every(1), steps(SECOND)],
    ["sensor", ReadSensor, every(4), steps(4 * SECOND)],
    ["aggregate", Aggregate, { trigger: "cron", second: "*/5", ...window, params }, wholeFives],
    ["inventory", TakeInventory, once(2 * SECOND), [from + 2 * SECOND]],
    ["watch", WatchLoad, once(4 * SECOND), [from + 4 * SECOND]],
  ];
  return plan.map(([id, pipeline, options, dueAt]) => ({
    id,
    pipeline,
    options: { id, ...options },
    dueAt,
  }));
}
