import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { EpochMs } from "../core/clock.ts";
import { CronduitError, JobLookupError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import type { BackfillState, Engine } from "../engine/port/engine.ts";
import { requireKnownJob } from "../history/known-job.ts";
import type { Actor } from "../jobs/actor.ts";
import type { StoredJob } from "../jobs/definition.ts";
import { checkRange, endOption, instantOption } from "../jobs/instant-option.ts";
import { parseOptions } from "../jobs/options.ts";
import type { LedgerRow } from "../jobs/ledger-row.ts";
import { Schedule } from "../jobs/schedule.ts";
import type { Verdict } from "../jobs/verdict.ts";
import type { InstantInput } from "../triggers/time/parse-instant.ts";
import type { PipelineRegistry } from "../pipeline/registry.ts";
import type { JobStore } from "./job-store.ts";
import type { Rights } from "./rights.ts";

/** Upper bound of the fire times in one backfill. */
const MAX_FIRE_TIMES = 100_000;
/** Fire times that a dry run lists. */
const MAX_NAMED = 1_000;
const CHUNK = 500;
const PAGE = 500;

const optionsSchema = z.strictObject({
  from: z.unknown().optional(),
  to: z.unknown().optional(),
  concurrency: z.int().min(1).max(1_000).default(1),
  order: z.enum(["oldest", "latest"]).default("oldest"),
  dryRun: z.boolean().default(false),
});

/** The range of past fire times to run. */
export interface BackfillOptions {
  /** The first fire time, inclusive, written as in `runDate`; without an offset, in the job's zone. Not in the future. */
  from: InstantInput;
  /** The last fire time, inclusive; a date without a time means its end. A later instant than now means now. @default now */
  to?: InstantInput | undefined;
  /** How many of its runs execute concurrently, in addition to the job's own. 1 to 1,000. @default 1 */
  concurrency?: number | undefined;
  /** Which fire times come first. @default "oldest" */
  order?: "oldest" | "latest" | undefined;
  /** Only report what would run. @default false */
  dryRun?: boolean | undefined;
}

/** The result of `backfill`. */
export interface BackfillReport {
  /** Fire times without a run, which run now (or would, in a dry run). */
  readonly runs: number;
  /** Fire times in the range that already have a run or were merged into one. */
  readonly alreadyRun: number;
  /** The first fire times to run, in order; at most 1,000. */
  readonly fireTimes: readonly Date[];
}

/** The progress of a backfill. */
export interface Backfill {
  /** `adding`: the call of `backfill` hasn't finished, or its process died; nothing runs yet. */
  readonly state: BackfillState["state"];
  readonly total: number;
  readonly waiting: number;
  readonly running: number;
  /** How its runs ended. */
  readonly counts: Readonly<Partial<Record<Verdict, number>>>;
  /** The share that has ended, 0 to 1. */
  readonly progress: number;
  readonly concurrency: number;
  readonly order: "oldest" | "latest";
  readonly createdAt: Date;
}

/** What {@link Backfills} needs. */
export interface BackfillsParts {
  readonly engine: Pick<Engine, "backfills" | "changes" | "jobs" | "ledger" | "now">;
  readonly store: JobStore;
  readonly registry: Pick<PipelineRegistry, "get">;
  /** Who asks for backfills, and what they may do. */
  readonly rights: Pick<Rights, "by" | "requireCommands">;
}

/** Runs fire times of a job's past. */
export class Backfills {
  readonly #engine: BackfillsParts["engine"];
  readonly #store: JobStore;
  readonly #by: Actor;
  readonly #parts: BackfillsParts;

  constructor(parts: BackfillsParts) {
    this.#engine = parts.engine;
    this.#store = parts.store;
    this.#by = parts.rights.by;
    this.#parts = parts;
  }

  async start(jobId: string, input: unknown): Promise<BackfillReport> {
    const options = parseOptions(optionsSchema, input, "backfill");
    const job = await this.#store.get(jobId);
    const { timezone, trigger, pipeline } = job.definition;
    this.#parts.rights.requireCommands(this.#parts.registry.get(pipeline), "backfill");
    if (trigger.kind === "manual") throw neverDue(jobId);
    const now = await this.#engine.now();
    const { from, to } = rangeOf(options, timezone, now);
    const all = fireTimesOf(job, from, to, now);
    const taken = await this.#taken(jobId, from, to);
    const fireTimes = all.filter((fireAt) => !taken(fireAt));
    if (options.order === "latest") fireTimes.reverse();
    if (!options.dryRun) await this.#add(jobId, fireTimes, options);
    return {
      runs: fireTimes.length,
      alreadyRun: all.length - fireTimes.length,
      fireTimes: fireTimes.slice(0, MAX_NAMED).map((fireAt) => new Date(fireAt)),
    };
  }

  async state(jobId: string): Promise<Backfill | undefined> {
    const state = await this.#engine.backfills.read(jobId);
    if (!state) {
      await requireKnownJob(this.#engine, jobId);
      return undefined;
    }
    const { total, waiting, running, verdicts, concurrency, order } = state;
    return {
      state: state.state,
      total,
      waiting,
      running,
      counts: verdicts,
      progress: total === 0 ? 1 : (total - waiting - running) / total,
      concurrency,
      order,
      createdAt: new Date(state.createdAt),
    };
  }

  async change(jobId: string, change: "pause" | "resume" | "cancel"): Promise<void> {
    if ((await this.#engine.backfills.change(jobId, change, this.#by)) === "changed") return;
    await requireKnownJob(this.#engine, jobId);
    throw new CronduitError(
      "INVALID_STATE",
      `Job "${jobId}" has no unfinished backfill. Start one with backfill().`,
      { data: { jobId } },
    );
  }

  async #add(
    jobId: string,
    fireTimes: readonly EpochMs[],
    { concurrency, order }: z.output<typeof optionsSchema>,
  ): Promise<void> {
    if (fireTimes.length === 0) return;
    const backfillId = randomUUID();
    for (let at = 0; at < fireTimes.length; at += CHUNK) {
      const added = await this.#engine.backfills.add({
        jobId,
        backfillId,
        fireTimes: fireTimes.slice(at, at + CHUNK),
        concurrency,
        order,
        isComplete: at + CHUNK >= fireTimes.length,
        by: this.#by,
      });
      if (added === "missing") throw new JobLookupError(jobId);
      if (added === "conflict") {
        throw new CronduitError(
          "INVALID_STATE",
          `Job "${jobId}" has an unfinished backfill. Wait for it (getBackfill), or end it with cancelBackfill.`,
          { data: { jobId } },
        );
      }
    }
  }

  /** Tells whether a fire time has a run or is covered by one. */
  async #taken(jobId: string, from: EpochMs, to: EpochMs): Promise<(fireAt: EpochMs) => boolean> {
    const single = new Set<EpochMs>();
    const spans: { readonly from: EpochMs; readonly to: EpochMs }[] = [];
    const note = ({ fireAt, fromAt }: LedgerRow): void => {
      if (fromAt === undefined || fromAt === fireAt) single.add(fireAt);
      else spans.push({ from: fromAt, to: fireAt });
    };
    for (const row of await this.#engine.ledger.readOpenRuns(jobId)) if (stands(row)) note(row);
    for (let offset = 0; ; offset += PAGE) {
      const rows = await this.#engine.ledger.read({
        jobId,
        fromAt: from,
        // A row for several occurrences is filed under the last, which may lie beyond the range.
        toAt: Number.MAX_SAFE_INTEGER,
        offset,
        limit: PAGE,
        order: "oldest",
      });
      for (const row of rows) if (stands(row) && (row.fromAt ?? row.fireAt) <= to) note(row);
      if (rows.length < PAGE) break;
    }
    return (fireAt) =>
      single.has(fireAt) || spans.some((span) => span.from <= fireAt && fireAt <= span.to);
  }
}

function neverDue(jobId: string): CronduitError {
  return new CronduitError(
    "INVALID_STATE",
    `backfill: job "${jobId}" has no schedule (trigger: "manual"), so it was never due. Run it by runJob, or give it a schedule by rescheduleJob first.`,
    { data: { jobId } },
  );
}

/** @throws {@link CronduitError} `INVALID_OPTION` for a reversed range, or one entirely in the future. */
function rangeOf(
  options: { readonly from?: unknown; readonly to?: unknown },
  timezone: string,
  now: EpochMs,
): { readonly from: EpochMs; readonly to: EpochMs } {
  const at = (path: string) => ({ where: "backfill", path, timezone });
  const from = instantOption(options.from, at("from"));
  const to = options.to === undefined ? undefined : endOption(options.to, at("to"));
  if (to !== undefined) {
    checkRange({ at: from, given: options.from }, { at: to, given: options.to }, "backfill");
  }
  if (from > now) {
    throw new CronduitError(
      "INVALID_OPTION",
      `backfill, option "from": ${shown(options.from)} is in the future, which is the schedule's own business. Give a time that has passed.`,
      { data: { path: "from" } },
    );
  }
  return { from, to: Math.min(now, to ?? now) };
}

/** Whether a verdict means that the fire time ran or is covered by a run. */
function stands({ kind, state }: LedgerRow): boolean {
  return kind !== "manual" && state !== "missed" && state !== "skipped";
}

/** The fire times in the range that the schedule has passed. */
function fireTimesOf(job: StoredJob, from: EpochMs, to: EpochMs, now: EpochMs): EpochMs[] {
  const schedule = new Schedule(job.definition);
  // Later ones are still undecided and belong to the schedule; for a paused job, those due later.
  const last = Math.min(to, job.state === "active" ? job.watermark : schedule.dueUpTo(now));
  const found: EpochMs[] = [];
  for (let at = schedule.next(from - 1); at && at.fireAt <= last; at = schedule.next(at.fireAt)) {
    if (found.length === MAX_FIRE_TIMES) {
      throw new CronduitError(
        "INVALID_OPTION",
        `backfill: the range has more than ${MAX_FIRE_TIMES} fire times. Split it by from and to.`,
        { data: { path: "from", jobId: job.definition.id } },
      );
    }
    found.push(at.fireAt);
  }
  return found;
}
