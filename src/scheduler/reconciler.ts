import { type CancelTimer, type Clock, sleep } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { AuditFinding, Engine } from "../engine/port/engine.ts";
import { systemActor } from "../jobs/actor.ts";
import { noteOfRemoval } from "./change-note.ts";
import { endTimed } from "./end-timed.ts";
import { type OverdueFinding, OverdueWatch } from "./overdue-watch.ts";
import { keyOf, repair } from "./repairs.ts";

/**
 * Jobs checked per pass beyond those due soon; successive passes go through the whole fleet. Few, because jobs due soon
 * are checked anyway and the cost of a pass must not grow with the number of stored jobs.
 */
const SLICE = 100;
const LEASE = "reconciler";
/** What one process waits for by itself; the rest is left to passes. */
const MAX_EXPECTED = 1_000;

/** Options of a {@link Reconciler}. */
export interface ReconcilerOptions {
  readonly engine: Pick<Engine, "events" | "healing" | "jobs" | "members" | "now" | "queue">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Identifies this process as holder of the lease. */
  readonly owner: string;
  readonly everyMs: number;
  readonly overdueMs: number;
  readonly finishedRetentionMs: number;
}

type TimedFinding = Extract<AuditFinding, { kind: "timed" }>;
/** Finds and repairs states that should be impossible. Every scheduler process has one; a lease lets one at a time work. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #overdue: OverdueWatch;
  readonly #leaseMs: number;
  readonly #ended = new AbortController();
  /** Cancels what {@link expect} waits for. */
  readonly #expected = new Set<CancelTimer>();
  /** What the last pass found. A state seen once may be in transit; seen twice, it is repaired. */
  #suspects: ReadonlySet<string> = new Set();
  #offset = 0;
  /** How long to rest until the next pass. */
  #restMs: number;
  #loop: Promise<void> | undefined;

  constructor(options: ReconcilerOptions) {
    const { engine, logger, everyMs, overdueMs } = options;
    this.#options = options;
    this.#restMs = everyMs;
    // A pass may be slow; after three missed ones another process takes over.
    this.#leaseMs = everyMs * 3 + 1_000;
    this.#overdue = new OverdueWatch({ engine, logger, overdueMs, awayMs: this.#leaseMs });
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /**
   * Something of a job changes by itself in so many milliseconds, as this process knows: it need not wait for a pass, which
   * sees what others did.
   */
  expect(jobId: string, inMs: number): void {
    if (this.#ended.signal.aborted || this.#expected.size >= MAX_EXPECTED) return;
    const { engine, clock, logger } = this.#options;
    const cancel = clock.after(Math.max(0, inMs), () => {
      this.#expected.delete(cancel);
      endTimed(engine, jobId).catch((error: unknown) => logger.warn("reconciler", { error }));
    });
    this.#expected.add(cancel);
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    for (const cancel of this.#expected) cancel();
    this.#expected.clear();
    await this.#loop;
    await this.#options.engine.members
      .releaseLease(LEASE, this.#options.owner)
      .catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { engine, clock, logger, owner } = this.#options;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        if (await engine.members.holdLease(LEASE, owner, this.#leaseMs)) await this.pass();
        else this.#overdue.reset();
      } catch (error) {
        this.#overdue.reset();
        if (!signal.aborted) logger.warn("reconciler", { error });
      }
      await sleep(clock, this.#restMs, signal, "upkeep");
    }
  }

  /** One audit, and the repair of whatever the previous audit found as well. */
  async pass(): Promise<void> {
    const { engine, logger, everyMs, overdueMs, finishedRetentionMs } = this.#options;
    const offset = this.#offset;
    const findings = await engine.healing.audit({
      horizonMs: everyMs * 3,
      offset,
      limit: SLICE,
      overdueMs,
      finishedRetentionMs,
    });
    const total = await engine.jobs.count();
    const suspects = new Set<string>();
    const overdue: OverdueFinding[] = [];
    const timed: TimedFinding[] = [];
    for (const finding of findings) {
      if (finding.kind === "overdue") overdue.push(finding);
      else if (finding.kind === "timed") timed.push(finding);
      else if (finding.kind === "expired") await this.#expire(finding.jobId);
      else if (this.#suspects.has(keyOf(finding))) await repair(engine, logger, finding);
      else suspects.add(keyOf(finding));
    }
    await this.#overdue.look(overdue);
    await this.#changeTimed(timed);
    const next = offset + SLICE >= total ? 0 : offset + SLICE;
    // The next pass audits a slice with suspects again.
    this.#offset = suspects.size > 0 ? offset : next;
    this.#suspects = suspects;
  }

  /** What changes by itself is changed when its time has come, and for what comes before the next pass, that comes then. */
  async #changeTimed(timed: readonly TimedFinding[]): Promise<void> {
    const { engine, everyMs } = this.#options;
    this.#restMs = everyMs;
    if (timed.length === 0) return;
    const now = await engine.now();
    for (const { jobId, changesAt } of timed) {
      if (changesAt <= now) await endTimed(engine, jobId);
      else this.#restMs = Math.min(this.#restMs, changesAt - now);
    }
  }

  async #expire(jobId: string): Promise<void> {
    const { engine } = this.#options;
    const { jobs } = engine;
    const [job] = await jobs.get([jobId]);
    // What is declared below an override may have times to come.
    if (!job || job.definition.overrides?.schedule) return;
    await jobs.remove({
      jobId,
      expectedWatermark: undefined,
      skipped: [],
      by: systemActor("finishedRetention"),
      note: noteOfRemoval(job, await engine.now()),
    });
  }
}
