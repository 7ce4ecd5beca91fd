import { feedBackfill } from "./backfill-times.ts";
import { leaveLine } from "./group-room.ts";
import type { Step } from "./step.ts";
import { wakeJob } from "./wakeups.ts";

/** At most this many jobs in line are considered. */
const MAX_IN_LINE = 100;

/** At the end of a step: wakes as many jobs in line, in their order, as there is room for. */
export function wakeGroups(step: Step, keys: Iterable<string>): void {
  const inOrder = [...keys];
  inOrder.sort();
  for (const key of inOrder) wakeGroup(step, key);
}

/** Those that were woken before, and have not been looked at yet, count as if they ran. */
function wakeGroup(step: Step, key: string): void {
  const { jobs, groups } = step.state;
  const group = groups.get(key);
  if (!group) return;
  let taken = group.running;
  let looked = 0;
  for (const { jobId, isBackfill } of group.line.slice()) {
    const job = jobs.get(jobId);
    if (!job || job.rules.group?.key !== key) continue;
    if ((looked += 1) > MAX_IN_LINE) break;
    if (taken >= job.rules.group.limit) continue;
    if (isBackfill) {
      leaveLine(step, job, true);
      taken += feedBackfill(step, job);
    } else if (wakeJob(step, job)) taken += 1;
  }
}
