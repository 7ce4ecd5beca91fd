import { z } from "zod";
import type { EpochMs } from "../core/clock.ts";
import { CronduitError, JobLookupError } from "../core/errors.ts";
import { listSeenRemoved } from "../engine/scoped/list-seen-removed.ts";
import { fromOpaqueText, toOpaqueText } from "../core/opaque-text.ts";
import type { Weighed } from "../jobs/account/weigh.ts";
import { checkRange, endOption, instantOption } from "../jobs/instant-option.ts";
import { jobIdSchema, parseOptions } from "../jobs/options.ts";
import type { Scope } from "../jobs/scope.ts";
import { type Verdict, VERDICTS } from "../jobs/verdict.ts";
import type { InstantInput } from "../triggers/time/parse-instant.ts";
import { type AccountEngine, type JobAccount, JobAccounts } from "./accounts.ts";

/** Jobs, or parts of one job, that a call looks at. */
const MAX_PARTS = 200;
/** Fire times that a call looks at, about. */
const MAX_FIRE_TIMES = 20_000;
/** Rows that each figure names. */
const MAX_NAMED = 100;
const JOBS_A_PAGE = 100;

const optionsSchema = z.strictObject({
  jobId: jobIdSchema.optional(),
  from: z.unknown(),
  to: z.unknown().optional(),
  cursor: z.string().min(1).max(2_000).optional(),
});

/** What to account for. */
export interface AccountOptions {
  /** Only this job, also if it was removed, as long as its ledger is kept. @default the whole fleet */
  jobId?: string | undefined;
  /** Fire times after this instant; without an offset in the scheduler's zone. */
  from: InstantInput;
  /** Fire times up to this instant; a date without a time includes that day. @default now, which later ones are cut to */
  to?: InstantInput | undefined;
  /** Where to continue: the `cursor` of the previous part, with the same range. @default the beginning */
  cursor?: string | undefined;
}

/** One fire time of a figure. */
export interface AccountRow {
  readonly jobId: string;
  readonly fireTime: Date;
  /** The run or decision on record there. */
  readonly runId: string | undefined;
}

/** A figure of an account. */
export interface AccountFigure {
  readonly count: number;
  /** The first 100. */
  readonly rows: readonly AccountRow[];
}

/**
 * What was due and what became of it, in a part of a range. Each fire time that was due is in exactly one of `decided`, `open`,
 * `paused`, `unaccounted`, `unknown` and `moved`.
 */
export interface Account {
  readonly from: Date;
  readonly to: Date;
  /** How many jobs this part looked at. */
  readonly jobs: number;
  readonly due: number;
  /** How many have a verdict, by verdict. */
  readonly decided: Readonly<Partial<Record<Verdict, number>>>;
  /** Waits for a worker, or has a run that is not over. */
  readonly open: AccountFigure;
  /** Falls into a pause that goes on: decided when the job is resumed. */
  readonly paused: AccountFigure;
  /** Was due, and has no decision. Always 0. */
  readonly unaccounted: AccountFigure;
  /** Decisions where the job was not due, or more than one. Always 0. */
  readonly surplus: AccountFigure;
  /** What can't be known any more. */
  readonly unknown: AccountFigure & {
    /** The job's retention has dropped the rows. */
    readonly retention: number;
    /** `cleanupRuns` has deleted them. */
    readonly cleaned: number;
    /** The job's changes of that time were dropped, so that nobody knows when it was due. */
    readonly changes: number;
  };
  /** Was computed with another version of the time zone data, by which the job was due at another time. */
  readonly moved: AccountFigure;
  /** Pass it to the next call and add the figures; `undefined` at the end. */
  readonly cursor: string | undefined;
}

/** Where an account goes on. */
const placeSchema = z.strictObject({
  list: z.enum(["jobs", "removed"]),
  /** Behind this place of the list. */
  after: z.string().max(1_000).optional(),
  /** First within this job: fire times after this. */
  job: z.string().max(300).optional(),
  at: z.int().optional(),
  /** The end of the range. */
  until: z.int(),
});
type Place = z.output<typeof placeSchema>;

/** Accounts for a fleet. */
export class Accounts {
  readonly #engine: AccountEngine;
  readonly #scope: Scope;
  readonly #jobs: JobAccounts;

  /** @param engine The fleet's own, since rows that others own are needed. @param scope Whose jobs are seen. */
  constructor(engine: AccountEngine, scope: Scope) {
    this.#engine = engine;
    this.#scope = scope;
    this.#jobs = new JobAccounts(engine, scope);
  }

  /**
   * @param timezone For times without an offset.
   * @throws {@link CronduitError} `INVALID_OPTION`; `JOB_NOT_FOUND` for a job of which nothing is known, which would look as if
   * nothing had been lost
   */
  async part(input: AccountOptions, timezone: string): Promise<Account> {
    const options = parseOptions(optionsSchema, input, "account");
    const at = (path: string) => ({ where: "account", path, timezone });
    const from = instantOption(options.from, at("from"));
    const asked = options.to === undefined ? undefined : endOption(options.to, at("to"));
    if (asked !== undefined)
      checkRange({ at: from, given: options.from }, { at: asked, given: options.to }, "account");
    const place = options.cursor === undefined ? undefined : readPlace(options.cursor);
    const until = place?.until ?? Math.min(asked ?? Infinity, await this.#engine.now());
    const sums = new Sums();
    const begin: Place = { list: "jobs", until };
    const next =
      options.jobId === undefined
        ? await this.#ofFleet(place ?? begin, from, sums)
        : await this.#ofJob(options.jobId, place ?? begin, from, sums);
    if (options.jobId !== undefined && !place && sums.jobs === 0) {
      // Of a range that is to come nothing was looked at.
      const known = from >= until && (await this.#jobs.of(options.jobId, until - 1, until));
      if (!known) throw new JobLookupError(options.jobId);
    }
    return sums.account(from, until, next && toOpaqueText(next));
  }

  /** @returns Where to go on within the job. */
  async #ofJob(jobId: string, place: Place, from: EpochMs, sums: Sums): Promise<Place | undefined> {
    const isBegun = place.job === jobId;
    let isNew = !isBegun;
    let at = (isBegun ? place.at : undefined) ?? from;
    while (at < place.until) {
      if (sums.isFull) return { ...place, job: jobId, at };
      const part = await this.#jobs.of(jobId, at, place.until);
      if (!part) return undefined;
      if (isNew) sums.jobs += 1;
      isNew = false;
      sums.add(part);
      at = part.to;
    }
    return undefined;
  }

  async #ofFleet(begin: Place, from: EpochMs, sums: Sums): Promise<Place | undefined> {
    if (begin.job !== undefined) {
      const inside = await this.#ofJob(begin.job, begin, from, sums);
      if (inside) return inside;
    }
    const { until } = begin;
    let place: Place | undefined = { list: begin.list, after: begin.after, until };
    while (place) {
      const page: ListedPage = await this.#page(place);
      for (const { id, after } of page.found) {
        if (sums.isFull) return place;
        place = { list: place.list, after, until };
        const inside = await this.#ofJob(id, place, from, sums);
        if (inside) return inside;
      }
      place = page.next && { ...page.next, until };
    }
    return undefined;
  }

  async #page({ list, after }: Place): Promise<ListedPage> {
    return list === "jobs" ? this.#jobsAfter(after) : this.#removedAfter(after);
  }

  async #jobsAfter(id: string | undefined): Promise<ListedPage> {
    const page = await this.#engine.jobs.list(
      {
        filter: {},
        order: "id",
        after: id === undefined ? undefined : { id, dueAt: 0 },
        limit: JOBS_A_PAGE,
        mostLooked: JOBS_A_PAGE,
      },
      this.#scope,
    );
    return {
      found: page.found.map((job) => ({ id: job.id, after: job.id })),
      next: page.next ? { list: "jobs", after: page.next.id } : { list: "removed" },
    };
  }

  async #removedAfter(cursor: string | undefined): Promise<ListedPage> {
    const { changes } = this.#engine;
    const { found, next } = await listSeenRemoved(changes, this.#scope, cursor, JOBS_A_PAGE);
    const present = await this.#engine.jobs.get(found.map(({ id }) => id));
    return {
      // One that was added again was accounted for with the jobs.
      found: found.filter((_, i) => !present[i]).map((job) => ({ id: job.id, after: job.cursor })),
      next: next === undefined ? undefined : { list: "removed", after: next },
    };
  }
}

/** Jobs, each with the place behind it, and where to go on. */
interface ListedPage {
  readonly found: readonly { readonly id: string; readonly after: string }[];
  readonly next: Omit<Place, "until"> | undefined;
}

/** Adds up parts. */
class Sums {
  jobs = 0;
  readonly #decided: Partial<Record<Verdict, number>> = {};
  readonly #figures = {
    open: new Figure(),
    paused: new Figure(),
    unaccounted: new Figure(),
    surplus: new Figure(),
    unknown: new Figure(),
    moved: new Figure(),
  };
  #parts = 0;
  #fireTimes = 0;
  #moved = 0;
  #retention = 0;
  #cleaned = 0;
  #changes = 0;

  /** Whether a call has done enough. */
  get isFull(): boolean {
    return this.#parts >= MAX_PARTS || this.#fireTimes >= MAX_FIRE_TIMES;
  }

  add({ jobId, weights, retained, cleaned }: JobAccount): void {
    const { open, paused, missing, surplus, moved, unknown, decided } = weights;
    this.#parts += 1;
    for (const verdict of VERDICTS) {
      const count = decided[verdict] ?? 0;
      if (count > 0) this.#decided[verdict] = (this.#decided[verdict] ?? 0) + count;
      this.#fireTimes += count;
    }
    this.#fireTimes += open.length + paused.length + missing.length + surplus.length;
    const figures = this.#figures;
    figures.open.add(jobId, open);
    figures.paused.add(jobId, paused);
    figures.unaccounted.add(jobId, missing);
    figures.surplus.add(jobId, surplus);
    figures.unknown.add(jobId, [...retained, ...cleaned, ...unknown]);
    figures.moved.add(jobId, moved);
    this.#moved += moved.filter(({ row }) => !row).length;
    this.#retention += retained.length;
    this.#cleaned += cleaned.length;
    this.#changes += unknown.length;
  }

  account(from: EpochMs, to: EpochMs, cursor: string | undefined): Account {
    const { open, paused, unaccounted, surplus, unknown, moved } = this.#figures;
    const decided = Object.values(this.#decided).reduce((sum, count) => sum + count, 0);
    return {
      from: new Date(from),
      to: new Date(to),
      jobs: this.jobs,
      due: decided + open.count + paused.count + unaccounted.count + unknown.count + this.#moved,
      decided: this.#decided,
      open: open.figure,
      paused: paused.figure,
      unaccounted: unaccounted.figure,
      surplus: surplus.figure,
      unknown: {
        ...unknown.figure,
        retention: this.#retention,
        cleaned: this.#cleaned,
        changes: this.#changes,
      },
      moved: moved.figure,
      cursor,
    };
  }
}

/** A number, and the first of what it counts. */
class Figure {
  count = 0;
  readonly #rows: AccountRow[] = [];

  add(jobId: string, found: readonly Weighed[]): void {
    this.count += found.length;
    for (const { fireAt, row } of found.slice(0, MAX_NAMED - this.#rows.length))
      this.#rows.push({ jobId, fireTime: new Date(fireAt), runId: row?.id });
  }

  get figure(): AccountFigure {
    return { count: this.count, rows: this.#rows };
  }
}

function readPlace(text: string): Place {
  const place = placeSchema.safeParse(fromOpaqueText(text));
  if (place.success) return place.data;
  throw new CronduitError(
    "INVALID_OPTION",
    'account, option "cursor": is not a cursor that account returned.',
    { data: { path: "cursor" } },
  );
}
