import type { RunRequest } from "../manual-requests.ts";
import { queueJobIdOf } from "../occurrence-id.ts";
import { noteChange } from "./changes.ts";
import type { Step } from "./step.ts";

/** Records a manual run, which a worker decides on as on any other. Asking twice with the same number is asking once. */
export function requestRun(
  step: Step,
  { jobId, sequence, params, by, bulk, ignoreCondition = false }: RunRequest,
): { readonly runId: string } | "missing" {
  const job = step.state.jobs.get(jobId);
  if (!job) return "missing";
  const fireAt = step.now;
  const runId = queueJobIdOf({ jobId, kind: "manual", sequence, fireAt });
  if (!job.requests.has(runId)) {
    job.requests.set(runId, {
      fireAt,
      ...(params === undefined ? {} : { params }),
      ignoreCondition,
      by,
    });
    noteChange(step, { by, what: "run", jobId, runId, bulk });
  }
  step.queue.add(runId, job.rules.pipeline, fireAt);
  return { runId };
}
