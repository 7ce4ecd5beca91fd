import type { EpochMs } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import type { Logger } from "../core/log.ts";
import type { AuditFinding, Engine, WorkerRecord } from "../engine/port/engine.ts";
import type { StoredJob } from "../jobs/definition.ts";
import { ableWorkers, overdueCause } from "./overdue-cause.ts";

/** Workers that keep restarting hold an alarm back for this many overdue times at most. */
const MOST_HELD = 3;

/** Options of an {@link OverdueWatch}. */
export interface OverdueWatchOptions {
  readonly engine: Pick<Engine, "healing" | "jobs" | "members" | "now" | "queue">;
  readonly logger: Logger;
  readonly overdueMs: number;
  /** A longer gap between two checks means that this process itself was away, and the watch starts over. */
  readonly awayMs: number;
}

/** A due occurrence that no worker has taken, as an audit found it. */
export type OverdueFinding = Extract<AuditFinding, { kind: "overdue" }>;

/**
 * Reports occurrences that no worker takes, but not those that are late only because everybody was away: after
 * downtime, a pause or a server outage, workers get the overdue time to catch up. The next audit finds again what was
 * held back, whichever process holds the lease by then.
 */
export class OverdueWatch {
  readonly #options: OverdueWatchOptions;
  #since: EpochMs = 0;
  #lookedAt: EpochMs | undefined;
  #seen: ReadonlySet<string> = new Set();

  constructor(options: OverdueWatchOptions) {
    this.#options = options;
  }

  /** The next check starts a new watch. */
  reset(): void {
    this.#lookedAt = undefined;
  }

  async look(findings: readonly OverdueFinding[]): Promise<void> {
    const { engine, overdueMs, awayMs } = this.#options;
    const [now, isPaused] = await Promise.all([engine.now(), engine.queue.isPaused()]);
    const isNew = this.#lookedAt === undefined || now - this.#lookedAt > awayMs;
    if (isNew || isPaused) this.#since = now;
    this.#lookedAt = now;
    const before = this.#seen;
    this.#seen = new Set(findings.map(keyOf));
    const watchedMs = now - this.#since;
    // A job that was just added or resumed with a past is late from the start: one more check gives a worker time to take it.
    const late = watchedMs < overdueMs ? [] : findings.filter((one) => before.has(keyOf(one)));
    if (late.length === 0) return;
    const [jobs, workers] = await Promise.all([
      engine.jobs.get(late.map(({ jobId }) => jobId)),
      engine.members.list(),
    ]);
    for (const [i, finding] of late.entries()) {
      const job = jobs[i];
      if (!job) continue;
      const heldMs = Math.min(watchedMs, finding.lateMs);
      if (heldMs < overdueMs * MOST_HELD && this.#isStarting(job, workers, now)) continue;
      await this.#tell(finding, overdueCause(job, workers, { now, youngMs: overdueMs }));
    }
  }

  /** Whether every worker that could take it has only just started. */
  #isStarting(job: StoredJob, workers: readonly WorkerRecord[], now: EpochMs): boolean {
    const able = ableWorkers(job, workers);
    const { overdueMs } = this.#options;
    return able.length > 0 && able.every(({ startedAt }) => now - startedAt < overdueMs);
  }

  async #tell({ jobId, fireAt, lateMs }: OverdueFinding, cause: string): Promise<void> {
    const { engine, logger } = this.#options;
    const reason = `due for ${formatDuration(lateMs)}: ${cause}`;
    const outcome = await engine.healing.tellOverdue({ jobId, fireAt, reason });
    if (outcome === "told") logger.warn(`job "${jobId}" is overdue: ${reason}`);
  }
}

function keyOf({ jobId, fireAt }: OverdueFinding): string {
  return `${jobId} ${fireAt}`;
}
