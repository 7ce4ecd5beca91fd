import type { EpochMs } from "../core/clock.ts";
import type { Engine } from "../engine/port/engine.ts";
import { requireKnownJob } from "../history/known-job.ts";
import type { Actor } from "../jobs/actor.ts";

/** What was deleted of a job's past. */
export interface Deleted {
  readonly what: "logs-deleted" | "runs-deleted";
  readonly jobId: string;
  /** Of how many runs. */
  readonly count: number;
  /** Of earlier fire times. */
  readonly fireAt?: EpochMs;
}

/**
 * Notes that somebody deleted a part of a job's past, and tells it by an event; nothing if nothing was there.
 * @throws `JOB_NOT_FOUND` if nothing was there, since nothing is known of such a job
 */
export async function noteDeleted(
  {
    engine,
    by,
  }: {
    readonly engine: Pick<Engine, "changes" | "jobs" | "ledger" | "now"> & {
      readonly events: Pick<Engine["events"], "append">;
    };
    readonly by: Actor;
  },
  { what, ...deleted }: Deleted,
): Promise<void> {
  if (deleted.count === 0) return requireKnownJob(engine, deleted.jobId);
  await engine.changes.note({ by, what, ...deleted });
  const [[job], at] = await Promise.all([engine.jobs.get([deleted.jobId]), engine.now()]);
  const owner = job?.definition.owner;
  const whose = owner === undefined ? {} : { owner };
  await engine.events.append([
    { name: "JOB_MODIFIED", at, by, reason: what, ...deleted, ...whose },
  ]);
}
