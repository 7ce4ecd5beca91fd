import type { StoredJob } from "./definition.ts";
import type { LastScheduledRun } from "./ledger-row.ts";
import { isVisible, type Scope } from "./scope.ts";
import { VERDICTS, type Verdict } from "./verdict.ts";

/** A job as a reader sees it, if it does: who has only some owners' things sees nothing of the time of a former owner. */
export function seenJob(scope: Scope, job: StoredJob): StoredJob | undefined {
  if (!isVisible(scope, job.definition.owner)) return undefined;
  const { lastRun, lastScheduledRun, handedOver } = job;
  if (scope === "all" || handedOver === null) return job;
  return {
    ...job,
    counts: countsSince(job.counts, handedOver.counts),
    lastRun: seenRun(scope, handedOver, lastRun),
    lastScheduledRun: seenRun(scope, handedOver, lastScheduledRun),
  };
}

/** A job's last run as a reader sees it: not if it started before the job changed its owner. */
export function seenRun<R extends Pick<LastScheduledRun, "startedAt">>(
  scope: Scope,
  handedOver: StoredJob["handedOver"],
  run: R | null,
): R | null {
  return scope === "all" || !run || run.startedAt >= (handedOver?.at ?? -Infinity) ? run : null;
}

function countsSince(
  counts: StoredJob["counts"],
  before: StoredJob["counts"],
): Partial<Record<Verdict, number>> {
  return Object.fromEntries(
    VERDICTS.flatMap((verdict) => {
      const count = (counts[verdict] ?? 0) - (before[verdict] ?? 0);
      return count > 0 ? [[verdict, count] as const] : [];
    }),
  );
}
