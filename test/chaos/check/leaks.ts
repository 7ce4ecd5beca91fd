import { type JobView, waitsForJob } from "./job-view.ts";
import type { Violation } from "./violation.ts";

/** In the end nothing holds an instance except runs that wait for their job. */
export function leaks(job: JobView): Violation[] {
  return job.open
    .filter((row) => row.verdict !== "queued" && !waitsForJob(job, row))
    .map(({ run, verdict, attempt, startedAt, fireAt }) => ({
      kind: "leaked instance" as const,
      job: job.id,
      at: startedAt ?? fireAt,
      text: `${run} is still ${verdict} (attempt ${attempt ?? "?"}), long after everything ended`,
    }));
}
