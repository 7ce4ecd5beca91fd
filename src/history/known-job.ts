import { END_OF_TIME, START_OF_TIME } from "../core/clock.ts";
import { JobLookupError } from "../core/errors.ts";
import type { Engine } from "../engine/port/engine.ts";

/**
 * A job is known as long as it is stored, or something is on record of it: what a removed one left can be read and deleted.
 * Ask this where nothing was found: what looks like a job without anything may be a mistyped id.
 * @throws {@link JobLookupError}
 */
export async function requireKnownJob(
  { jobs, ledger, changes }: Pick<Engine, "changes" | "jobs" | "ledger">,
  jobId: string,
): Promise<void> {
  const range = { fromAt: START_OF_TIME, toAt: END_OF_TIME, limit: 1 } as const;
  const [[job], [part], { revisions }] = await Promise.all([
    jobs.get([jobId]),
    ledger.readMany({ jobIds: [jobId], ...range }),
    // An engine that somebody looks through knows what is seen.
    changes.readRevisions("all", jobId),
  ]);
  if (!job && !part?.rows.length && !part?.open.length && revisions.length === 0)
    throw new JobLookupError(jobId);
}
