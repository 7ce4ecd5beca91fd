import type { EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import type { JobDefinition, JobState } from "../jobs/definition.ts";
import { epochsOf } from "../jobs/account/epochs.ts";
import type { LedgerRow } from "../jobs/ledger-row.ts";
import type { JobRevisions } from "../jobs/noted-change.ts";
import { formatIso } from "../triggers/time/local-text.ts";
import { account, firstOf } from "./accounting.ts";

/** How many problems an error tells. */
const MOST_TOLD = 100;

/** What is wrong with an occurrence: its nominal time and the rows that stand for it. */
interface Problem {
  readonly jobId: string;
  readonly problem: "no-decision" | "several-decisions" | "not-due" | "miscounted";
  readonly fireTime: string;
  /** The first occurrence of a row that stands for several. */
  readonly from?: string;
  /** For how many it stands. */
  readonly count?: number | undefined;
  readonly runIds: readonly string[];
}

/** A problem, and how the message tells it. */
interface ToldProblem {
  readonly about: Problem;
  readonly text: string;
}

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
  /** What was changed about a job, even of one that was removed, as long as that is kept. */
  changes(jobId: string): JobRevisions;
}

/** A job from when it was first seen until its changes are forgotten, long after its removal. */
interface Life {
  /** Every earlier occurrence was decided before. */
  readonly begin: EpochMs;
  readonly zone: string;
  changes: JobRevisions;
}

/** Keeps every row that a ledger ever had, and every change of a job, whatever retention deletes. */
export class FleetLedger {
  readonly #state: FleetState;
  readonly #rows = new Map<string, LedgerRow[]>();
  readonly #lives = new Map<string, Life[]>();
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
  note(): void {
    if (this.#state.activity === this.#noted) return;
    this.#noted = this.#state.activity;
    const gone = new Set(this.#versions.keys());
    for (const job of this.#state.jobs()) {
      gone.delete(job.id);
      if (this.#versions.get(job.id) === job.version) continue;
      this.#versions.set(job.id, job.version);
      this.#noteChanges(job);
    }
    for (const jobId of gone) {
      this.#versions.delete(jobId);
      const last = this.#lives.get(jobId)?.at(-1);
      if (last) last.changes = this.#state.changes(jobId);
    }
  }

  /** Whether there ever was a job of this id. */
  hasKnown(jobId: string): boolean {
    return this.#lives.has(jobId) || this.#rows.has(jobId);
  }

  /** @throws {@link CronduitError} `UNACCOUNTED`, with what is wrong in its data */
  assertAll(now: EpochMs): void {
    const present = new Map([...this.#state.jobs()].map((job) => [job.id, job]));
    const problems = [...this.#lives].flatMap(([jobId, lives]) =>
      lives.flatMap((life, i) => {
        const next = lives[i + 1];
        return this.#problemsOf(jobId, life, {
          now,
          job: next ? undefined : present.get(jobId),
          until: next?.begin ?? Infinity,
        });
      }),
    );
    if (problems.length === 0) return;
    const told = problems.slice(0, MOST_TOLD);
    const rest = problems.length - told.length;
    const lines = [
      ...told.map(({ text }) => `  ${text}`),
      ...(rest > 0 ? [`  and ${rest} more`] : []),
    ];
    throw new CronduitError(
      "UNACCOUNTED",
      `Not every occurrence has exactly one decision:\n${lines.join("\n")}`,
      { data: { count: problems.length, unaccounted: told.map(({ about }) => about) } },
    );
  }

  #problemsOf(
    jobId: string,
    { begin, zone, changes }: Life,
    { now, job, until }: { now: EpochMs; job: JobNow | undefined; until: EpochMs },
  ): ToldProblem[] {
    const decided = this.#rows.get(jobId) ?? [];
    const rows = [...decided, ...this.#state.openRuns(jobId)].filter((row) => row.fireAt <= until);
    const stored = job && { ...job, definition: job.definition() };
    const known = epochsOf({ job: stored, changes });
    const { gaps, doubles, strays, miscounted } = account({ known, rows, begin, now });
    const at = (fireAt: EpochMs): string => formatIso(fireAt, zone);
    const runIds = (fireAt: EpochMs): string[] =>
      rows.filter((row) => firstOf(row) <= fireAt && fireAt <= row.fireAt).map(({ id }) => id);
    const one = (problem: Problem["problem"], what: string) => (fireAt: EpochMs) => ({
      about: { jobId, problem, fireTime: new Date(fireAt).toISOString(), runIds: runIds(fireAt) },
      text: `"${jobId}" at ${at(fireAt)}: ${what}`,
    });
    return [
      gaps.map(one("no-decision", "no decision")),
      doubles.map(one("several-decisions", "more than one decision")),
      strays.map(one("not-due", "a decision where the job was not due")),
      miscounted.map((row) => ({
        about: {
          jobId,
          problem: "miscounted" as const,
          from: new Date(firstOf(row)).toISOString(),
          fireTime: new Date(row.fireAt).toISOString(),
          count: row.count,
          runIds: [row.id],
        },
        text: `"${jobId}" from ${at(firstOf(row))} to ${at(row.fireAt)}: a row for ${row.count} occurrences, where the trigger has another number`,
      })),
    ].flat();
  }

  #noteChanges({ id, watermark, definition }: JobNow): void {
    const changes = this.#state.changes(id);
    const lives = this.#lives.get(id) ?? [];
    this.#lives.set(id, lives);
    const last = lives.at(-1);
    const isForgotten =
      last !== undefined && changes.revisions.length < last.changes.revisions.length;
    if (last && !isForgotten) last.changes = changes;
    else lives.push({ begin: watermark, zone: definition().timezone, changes });
  }
}
