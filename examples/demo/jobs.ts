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

/** A job of the demo, with the number of times that it is due, found without asking the scheduler. */
interface PlannedJob extends JobToAdd {
  readonly id: string;
  readonly due: number;
}

/** The jobs, from a first moment to a last one, both included; `from` is a whole second. */
export function planJobs(folder: string, from: number, to: number): PlannedJob[] {
  const window = { startDate: new Date(from), endDate: new Date(to) };
  const params = { folder };
  const every = (seconds: number) =>
    ({ trigger: "interval", seconds, ...window }) satisfies JobToAdd["options"];
  const once = (afterMs: number) =>
    ({ trigger: "date", runDate: new Date(from + afterMs) }) satisfies JobToAdd["options"];
  const times = (seconds: number): number => Math.floor((to - from) / (seconds * SECOND)) + 1;
  const wholeFives = Math.floor(to / 5_000) - Math.ceil(from / 5_000) + 1;
  const plan: [string, JobToAdd["pipeline"], JobToAdd["options"], number][] = [
    ["sample", SampleMachine, { ...every(1), params }, times(1)],
    ["disk", LookAtDisk, { ...every(1), params }, times(1)],
    ["processors", MeasureProcessors, every(1), times(1)],
    ["sensor", ReadSensor, every(4), times(4)],
    ["aggregate", Aggregate, { trigger: "cron", second: "*/5", ...window, params }, wholeFives],
    ["inventory", TakeInventory, once(2 * SECOND), 1],
    ["watch", WatchLoad, once(4 * SECOND), 1],
  ];
  return plan.map(([id, pipeline, options, due]) => ({
    id,
    pipeline,
    options: { id, ...options },
    due,
  }));
}
