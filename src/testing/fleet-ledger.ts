import type { EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import type { JobDefinition, JobState } from "../jobs/definition.ts";
import type { LedgerRow } from "../jobs/ledger-row.ts";
import { formatIso } from "../triggers/time/local-text.ts";
import { account, type StoredPeriod } from "./accounting.ts";

/** So many known rows in a row mean that all older ones are known. */
const KNOWN_ROWS = 50;

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
  /** Of jobs that were removed, too. */
  ledgers(): Iterable<readonly [jobId: string, rows: readonly LedgerRow[]]>;
  /** Runs without a verdict. */
  openRuns(jobId: string): readonly LedgerRow[];
}

/** Keeps every row that a ledger ever had, and every form that a job ever had, whatever retention deletes. */
export class FleetLedger {
  readonly #state: FleetState;
  readonly #rows = new Map<string, Map<string, LedgerRow>>();
  readonly #seen = new Map<string, { count: number; last: LedgerRow | undefined }>();
  readonly #periods = new Map<string, StoredPeriod[]>();
  readonly #versions = new Map<string, string>();
  #noted = -1;

  constructor(state: FleetState) {
    this.#state = state;
  }

  /** To be called after everything that happens at one instant. */
  note(now: EpochMs): void {
    if (this.#state.activity === this.#noted) return;
    this.#noted = this.#state.activity;
    for (const [jobId, rows] of this.#state.ledgers()) this.#noteRows(jobId, rows);
    const gone = new Set(this.#versions.keys());
    for (const job of this.#state.jobs()) {
      gone.delete(job.id);
      this.#noteJob(job, now);
    }
    for (const jobId of gone) this.#noteRemoved(jobId, now);
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
    const decided = this.#rows.get(jobId)?.values() ?? [];
    const { gaps, doubles, miscounted } = account(
      periods,
      [...decided, ...this.#state.openRuns(jobId)],
      now,
    );
    const zone = periods.at(-1)?.definition.timezone ?? "UTC";
    const at = (fireAt: EpochMs): string => formatIso(fireAt, zone);
    return [
      gaps.map((fireAt) => `  "${jobId}" at ${at(fireAt)}: no decision`),
      doubles.map((fireAt) => `  "${jobId}" at ${at(fireAt)}: more than one decision`),
      miscounted.map(
        ({ fromAt = 0, fireAt, count }) =>
          `  "${jobId}" from ${at(fromAt)} to ${at(fireAt)}: a row for ${count} occurrences, where the trigger has another number`,
      ),
    ].flat();
  }

  #noteRows(jobId: string, rows: readonly LedgerRow[]): void {
    const seen = this.#seen.get(jobId);
    const last = rows.at(-1);
    if (seen?.count === rows.length && seen.last === last) return;
    this.#seen.set(jobId, { count: rows.length, last });
    let kept = this.#rows.get(jobId);
    if (!kept) this.#rows.set(jobId, (kept = new Map<string, LedgerRow>()));
    for (let i = rows.length - 1, known = 0; i >= 0 && known < KNOWN_ROWS; i -= 1) {
      const row = rows[i];
      if (row === undefined) continue;
      const key = `${row.id} ${row.fromAt ?? ""}`;
      known = kept.get(key) === row ? known + 1 : 0;
      kept.set(key, row);
    }
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
