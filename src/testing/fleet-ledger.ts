import type { EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import type { JobDefinition, JobState } from "../jobs/definition.ts";
import type { LedgerRow } from "../jobs/ledger-row.ts";
import { formatIso } from "../triggers/time/local-text.ts";
import { account, type StoredPeriod } from "./accounting.ts";

/** A job as the engine has it. */
export interface JobNow {
  readonly id: string;
  /** Another object, or another text, after each change. */
  readonly version: string;
  readonly state: JobState;
  readonly watermark: EpochMs;
  readonly definition: () => JobDefinition;
}

/** What a test sees of the engine without waiting. */
export interface FleetState {
  /** Grows with every change. */
  readonly activity: number;
  jobs(): Iterable<JobNow>;
  /** Calls `hear` with each row when it is decided; retention may delete it in the same step. */
  onDecided(hear: (jobId: string, row: LedgerRow) => void): void;
  /** Runs without a verdict. */
  openRuns(jobId: string): readonly LedgerRow[];
}

/** Keeps every row that a ledger ever had, and every form that a job ever had, whatever retention deletes. */
export class FleetLedger {
  readonly #state: FleetState;
  readonly #rows = new Map<string, LedgerRow[]>();
  readonly #periods = new Map<string, StoredPeriod[]>();
  readonly #versions = new Map<string, string>();
  #noted = -1;

  constructor(state: FleetState) {
    this.#state = state;
    state.onDecided((jobId, row) => {
      const rows = this.#rows.get(jobId);
      if (rows) rows.push(row);
      else this.#rows.set(jobId, [row]);
    });
  }

  /** To be called after everything that happens at one instant. */
  note(now: EpochMs): void {
    if (this.#state.activity === this.#noted) return;
    this.#noted = this.#state.activity;
    const gone = new Set(this.#versions.keys());
    for (const job of this.#state.jobs()) {
      gone.delete(job.id);
      this.#noteJob(job, now);
    }
    for (const jobId of gone) this.#noteRemoved(jobId, now);
  }

  /** Whether there ever was a job of this id. */
  hasKnown(jobId: string): boolean {
    return this.#periods.has(jobId) || this.#rows.has(jobId);
  }

  /** @throws {@link CronduitError} `UNACCOUNTED` */
  assertAll(now: EpochMs): void {
    const problems = [...this.#periods].flatMap(([jobId, periods]) =>
      this.#problemsOf(jobId, periods, now),
    );
    if (problems.length === 0) return;
    throw new CronduitError(
      "UNACCOUNTED",
      `Not every occurrence has exactly one decision:\n${problems.join("\n")}`,
    );
  }

  #problemsOf(jobId: string, periods: readonly StoredPeriod[], now: EpochMs): string[] {
    const decided = this.#rows.get(jobId) ?? [];
    const { gaps, doubles, strays, miscounted } = account(
      periods,
      [...decided, ...this.#state.openRuns(jobId)],
      now,
    );
    const zone = periods.at(-1)?.definition.timezone ?? "UTC";
    const at = (fireAt: EpochMs): string => formatIso(fireAt, zone);
    return [
      gaps.map((fireAt) => `  "${jobId}" at ${at(fireAt)}: no decision`),
      doubles.map((fireAt) => `  "${jobId}" at ${at(fireAt)}: more than one decision`),
      strays.map((fireAt) => `  "${jobId}" at ${at(fireAt)}: a decision where the job was not due`),
      miscounted.map(
        ({ fromAt = 0, fireAt, count }) =>
          `  "${jobId}" from ${at(fromAt)} to ${at(fireAt)}: a row for ${count} occurrences, where the trigger has another number`,
      ),
    ].flat();
  }

  #noteJob({ id, version, state, watermark, definition }: JobNow, now: EpochMs): void {
    if (this.#versions.get(id) === version) return;
    this.#versions.set(id, version);
    this.#add(id, { definition: definition(), state, watermark, since: now });
  }

  #noteRemoved(jobId: string, now: EpochMs): void {
    this.#versions.delete(jobId);
    const last = this.#periods.get(jobId)?.at(-1);
    if (last) this.#add(jobId, { ...last, state: "removed", since: now });
  }

  #add(jobId: string, period: StoredPeriod): void {
    const periods = this.#periods.get(jobId);
    if (periods) periods.push(period);
    else this.#periods.set(jobId, [period]);
  }
}
