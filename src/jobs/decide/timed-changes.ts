import type { AuditFinding } from "../audit-requests.ts";
import type { EpochMs } from "../../core/clock.ts";
import type { Step } from "./step.ts";

/** How many of these one audit tells. */
const MAX_TIMED = 500;

/** Notes when something of a job changes by itself. `undefined`: as before; `null`: nothing does any more. */
export function noteTimed(
  { state }: Pick<Step, "state">,
  jobId: string,
  changesAt: EpochMs | null | undefined,
): void {
  if (changesAt === null) state.timed.delete(jobId);
  else if (changesAt !== undefined) state.timed.set(jobId, changesAt);
}

/** The jobs of which something changes within the horizon, the earliest first. */
export function timedChanges({ state, now }: Step, horizonMs: number): AuditFinding[] {
  const soon = [...state.timed].filter(([, changesAt]) => changesAt <= now + horizonMs);
  return soon
    .toSorted(([a, at], [b, other]) => at - other || (a < b ? -1 : 1))
    .slice(0, MAX_TIMED)
    .map(([jobId, changesAt]) => ({ kind: "timed", jobId, changesAt }));
}
