import type { SchedulerEvent } from "../../events/scheduler-event.ts";
import type { EventAnswer } from "../contract/event-routes.ts";

/** An event as clients get it: without results, errors' stacks and what else may be large, which the run has. */
export function toEventAnswer(event: SchedulerEvent): EventAnswer {
  const { name, time, owner, jobId, runId, scheduledRunTime, attempt, worker } = event;
  const { count, by, reason, note, until } = event;
  // JSON leaves out what is undefined.
  return {
    name,
    time: time.toISOString(),
    owner,
    jobId,
    runId,
    fireTime: scheduledRunTime?.toISOString(),
    attempt,
    worker,
    count,
    by,
    reason,
    note,
    until: until?.toISOString(),
  };
}
