import type { AdmitRequest } from "../../src/engine/port/runs.ts";

/** What a worker asks when it takes a manual run from the queue. */
export function takeManual(jobId: string, queueJobId: string): AdmitRequest {
  return {
    queueJobId,
    take: "take",
    jobId,
    kind: "manual",
    generation: 0,
    revision: 0,
    base: 0,
    older: undefined,
    latest: [],
    upcoming: [],
    knowsSchedule: false,
    worker: "worker",
    maxCrashes: 3,
  };
}
