import type { EpochMs } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import type { Logger } from "../core/log.ts";
import type { AuditFinding, Engine, WorkerRecord } from "../engine/port/engine.ts";
import type { StoredJob } from "../jobs/definition.ts";
import { ableWorkers, overdueCause } from "./overdue-cause.ts";

/** Workers that start again and again hold an alarm back for so many times the overdue time, not for ever. */
const MOST_HELD = 3;

/** How a watch is made. */
export interface OverdueWatchOptions {
  readonly engine: Engine;
  readonly logger: Logger;
  readonly overdueMs: number;
  /** A watch whose looks are further apart was away itself, and begins anew. */
  readonly awayMs: number;
}

/** An occurrence of an audit that nobody takes. */
export type OverdueFinding = Extract<AuditFinding, { kind: "overdue" }>;

/**
 * Tells of what nobody takes, and not of what is only late because all were away: after a downtime, a pause or an outage
 * of the server, those who are back get the overdue time to catch up. What is held back the audit finds again, by
 * whichever process then holds the lease.
 */
export class OverdueWatch {
  readonly #options: OverdueWatchOptions;
  #since: EpochMs = 0;
  #lookedAt: EpochMs | undefined;
  #seen: ReadonlySet<string> = new Set();

  constructor(options: OverdueWatchOptions) {
    this.#options = options;
  }

  /** The next look begins a new watch. */
  reset(): void {
    this.#lookedAt = undefined;
  }

  async look(findings: readonly OverdueFinding[]): Promise<void> {
    const { engine, overdueMs, awayMs } = this.#options;
    const [now, isPaused] = await Promise.all([engine.now(), engine.isPaused()]);
    const isNew = this.#lookedAt === undefined || now - this.#lookedAt > awayMs;
    if (isNew || isPaused) this.#since = now;
    this.#lookedAt = now;
    const before = this.#seen;
    this.#seen = new Set(findings.map(keyOf));
    const watchedMs = now - this.#since;
    // A job that was just added or resumed with a past is late at once: one look more gives it the time to be taken.
    const late = watchedMs < overdueMs ? [] : findings.filter((one) => before.has(keyOf(one)));
    if (late.length === 0) return;
    const [jobs, workers] = await Promise.all([
      engine.getJobs(late.map(({ jobId }) => jobId)),
      engine.listWorkers(),
    ]);
    for (const [i, finding] of late.entries()) {
      const job = jobs[i];
      if (!job) continue;
      const heldMs = Math.min(watchedMs, finding.lateMs);
      if (heldMs < overdueMs * MOST_HELD && this.#isStarting(job, workers, now)) continue;
      await this.#tell(finding, overdueCause(job, workers, { now, youngMs: overdueMs }));
    }
  }

  /** Whether all who can take it have only just begun. */
  #isStarting(job: StoredJob, workers: readonly WorkerRecord[], now: EpochMs): boolean {
    const able = ableWorkers(job, workers);
    const { overdueMs } = this.#options;
    return able.length > 0 && able.every(({ startedAt }) => now - startedAt < overdueMs);
  }

  async #tell({ jobId, fireAt, lateMs }: OverdueFinding, cause: string): Promise<void> {
    const { engine, logger } = this.#options;
    const reason = `due for ${formatDuration(lateMs)}: ${cause}`;
    const outcome = await engine.tellOverdue({ jobId, fireAt, reason });
    if (outcome === "told") logger.warn(`job "${jobId}" is overdue: ${reason}`);
  }
}

function keyOf({ jobId, fireAt }: OverdueFinding): string {
  return `${jobId} ${fireAt}`;
}
