import type { EpochMs } from "../core/clock.ts";
import type { Engine } from "../engine/port/engine.ts";
import { epochsOf, type Epochs } from "../jobs/account/epochs.ts";
import { weigh, type Weighed, type Weights, windowOf } from "../jobs/account/weigh.ts";
import type { LedgerRow } from "../jobs/ledger-row.ts";
import { isVisible, type Scope } from "../jobs/scope.ts";
import { TZDATA } from "../triggers/time/tzdata.ts";
import { keptFrom } from "./kept-from.ts";

/** Fire times of one job that are weighed at once. */
const STEP = 2_000;
const ROWS_A_PAGE = 500;
/** Rows behind the window among which the one is looked for that reaches into it. */
const MOST_BEHIND = 2_000;
/** A job that is changed, or a run that is decided, between two reads is read again. */
const MAX_TRIES = 5;

/** What accounts are made from. */
export type AccountEngine = Pick<Engine, "changes" | "jobs" | "ledger" | "now">;

/** A part of one job's account. */
export interface JobAccount {
  readonly jobId: string;
  readonly weights: Weights;
  /** Of what is missing: what was dropped by retention, or cleaned. */
  readonly retained: readonly Weighed[];
  readonly cleaned: readonly Weighed[];
  /** Up to which fire time this is the whole account. */
  readonly to: EpochMs;
}

/** What is read of a job, in this order: what is decided in between can't look like a loss then. */
interface Read {
  readonly known: Epochs;
  readonly revision: number | undefined;
  readonly weights: Weights;
  readonly to: EpochMs;
}

/** Compares what was due with what is on record, one job at a time. */
export class JobAccounts {
  readonly #engine: AccountEngine;
  readonly #scope: Scope;

  constructor(engine: AccountEngine, scope: Scope) {
    this.#engine = engine;
    this.#scope = scope;
  }

  /** The account of the first fire times after `from`. @returns `undefined` if nothing is known of such a job. */
  async of(jobId: string, from: EpochMs, to: EpochMs): Promise<JobAccount | undefined> {
    for (let tries = 1; ; tries += 1) {
      const read = await this.#read(jobId, from, to);
      if (!read) return undefined;
      const { weights } = read;
      const isClean = weights.missing.length === 0 && weights.surplus.length === 0;
      const isLast = tries >= MAX_TRIES;
      if (!isClean && !isLast && (tries === 1 || (await this.#isOther(jobId, read)))) continue;
      return this.#explained(jobId, read);
    }
  }

  async #read(jobId: string, from: EpochMs, to: EpochMs): Promise<Read | undefined> {
    const [job] = await this.#engine.jobs.get([jobId]);
    if (job && !isVisible(this.#scope, job.definition.owner)) return undefined;
    const changes = await this.#engine.changes.readRevisions(this.#scope, jobId);
    if (!job && changes.revisions.length === 0) return undefined;
    const known = epochsOf({ job, changes });
    const end = windowOf(known, { from, to }, STEP);
    const open = await this.#engine.ledger.readOpenRuns(jobId);
    const rows = await this.#rows(jobId, from, end);
    const decided = new Set(rows.map(({ id }) => id));
    const others = open.filter(({ id, kind }) => kind === "scheduled" && !decided.has(id));
    const now = await this.#engine.now();
    const scales = { ...known, from, to: end, now, rows: [...rows, ...others], tzdata: TZDATA };
    return { known, revision: job?.revision, weights: this.#seen(weigh(scales)), to: end };
  }

  /** Without rows of a time when the job was somebody else's, in which it was not due as far as the reader may know. */
  #seen(weights: Weights): Weights {
    const isSeen = ({ row }: Weighed): boolean => isVisible(this.#scope, row?.owner);
    if (this.#scope === "all") return weights;
    const { surplus, unknown } = weights;
    return { ...weights, surplus: surplus.filter(isSeen), unknown: unknown.filter(isSeen) };
  }

  async #isOther(jobId: string, { revision }: Read): Promise<boolean> {
    const [job] = await this.#engine.jobs.get([jobId]);
    return job?.revision !== revision;
  }

  /** Decided rows of the schedule that stand for fire times in the window. */
  async #rows(jobId: string, from: EpochMs, to: EpochMs): Promise<LedgerRow[]> {
    const found: LedgerRow[] = [];
    const query = { jobId, limit: ROWS_A_PAGE, order: "oldest" } as const;
    for (let offset = 0; ; offset += ROWS_A_PAGE) {
      const page = await this.#engine.ledger.read({ ...query, fromAt: from + 1, toAt: to, offset });
      found.push(...page.filter(isScheduled));
      if (page.length < ROWS_A_PAGE) break;
    }
    // A row for several is filed under the last of them. They don't overlap, so only the next can reach into the window.
    for (let offset = 0; offset < MOST_BEHIND; offset += ROWS_A_PAGE) {
      const behind = { ...query, fromAt: to + 1, toAt: Number.MAX_SAFE_INTEGER, offset };
      const page = await this.#engine.ledger.read(behind);
      const next = page.find(isScheduled);
      if (next && (next.fromAt ?? next.fireAt) <= to) found.push(next);
      if (next || page.length < ROWS_A_PAGE) break;
    }
    return found;
  }

  /** Tells what is missing because it was lost from what is not kept any more. */
  async #explained(jobId: string, { known, weights, to }: Read): Promise<JobAccount> {
    const rest = { jobId, to, retained: [], cleaned: [] };
    const [first] = weights.missing;
    if (!first) return { ...rest, weights };
    const kept = await keptFrom(this.#engine, jobId, known, first.fireAt);
    const isKept = ({ fireAt }: Weighed): boolean =>
      fireAt >= kept.retentionFrom && fireAt >= kept.cleanedTo;
    return {
      ...rest,
      weights: { ...weights, missing: weights.missing.filter(isKept) },
      cleaned: weights.missing.filter(({ fireAt }) => fireAt < kept.cleanedTo),
      retained: weights.missing.filter(
        ({ fireAt }) => fireAt < kept.retentionFrom && fireAt >= kept.cleanedTo,
      ),
    };
  }
}

function isScheduled({ kind }: LedgerRow): boolean {
  return kind === "scheduled";
}
