import { instantOption } from "../../jobs/instant-option.ts";
import type { ActingScheduler } from "../../scheduler/pipeline-scheduler.ts";
import { isVerdict } from "../../history/run.ts";
import { requireJob } from "../handlers/require-job.ts";

/** So many runs are counted at most. */
const MOST = 10_000;
const AT_ONCE = 1_000;

/** How many runs a clean-up would be about, counted up to 10,000. @param what `logs`: only what ran, since nothing else has any. */
export async function countCleanup(
  scheduler: ActingScheduler,
  jobId: string,
  { what, before }: { readonly what: "logs" | "runs"; readonly before: string | undefined },
): Promise<{ count: number; isAll: boolean }> {
  const { timezone } = await requireJob(scheduler, jobId);
  const where = `DELETE /jobs/{jobId}/${what}, query`;
  const until =
    before === undefined ? Infinity : instantOption(before, { where, path: "before", timezone });
  const range = until === Infinity ? {} : { to: new Date(until) };
  let count = 0;
  let cursor: string | undefined;
  for (let looked = 0; looked < MOST; looked += AT_ONCE) {
    const page = await scheduler.getRuns(jobId, {
      ...range,
      limit: AT_ONCE,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const fitting = page.runs.filter(
      ({ verdict, startedAt, fireTime }) =>
        isVerdict(verdict) && fireTime.getTime() < until && (what === "runs" || startedAt),
    );
    count += fitting.length;
    cursor = page.cursor;
    if (cursor === undefined) return { count, isAll: true };
  }
  return { count, isAll: false };
}
