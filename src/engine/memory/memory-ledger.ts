import type { EpochMs } from "../../core/clock.ts";
import { cleanLedger, listOpenRuns, listRuns, openRuns, readLedger } from "../../jobs/decide.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";
import type { Scope } from "../../jobs/scope.ts";
import { fireAtOf } from "../codec/steps-and-logs.ts";
import type {
  LedgerCleaned,
  LedgerCleanup,
  LedgerPart,
  LedgerPort,
  LedgerQuery,
  LedgersQuery,
  OpenRunList,
  RunList,
  RunListQuery,
} from "../port/ledger.ts";
import { copyOf } from "./as-sent.ts";
import type { MemoryLink } from "./memory-link.ts";

/** What became of occurrences, in memory. */
export class MemoryLedger implements LedgerPort {
  readonly #link: MemoryLink;

  constructor(link: MemoryLink) {
    this.#link = link;
  }

  async read(query: LedgerQuery): Promise<LedgerRow[]> {
    return copyOf([...readLedger(this.#link.ready().state, query, this.#link.now())]);
  }

  async readOpenRuns(jobId: string): Promise<LedgerRow[]> {
    return copyOf(openRuns(this.#link.ready().state, jobId));
  }

  async readMany({ jobIds, limit, ...range }: LedgersQuery): Promise<LedgerPart[]> {
    const { state } = this.#link.ready();
    const now = this.#link.now();
    const parts = jobIds.map((jobId) => {
      const query = { ...range, jobId, offset: 0, limit: limit + 1, order: "latest" } as const;
      const rows = [...readLedger(state, query, now)];
      return {
        rows: rows.slice(0, limit),
        isAll: rows.length <= limit,
        open: openRuns(state, jobId),
      };
    });
    return copyOf(parts);
  }

  async list(query: RunListQuery, scope: Scope): Promise<RunList> {
    return copyOf(listRuns(this.#link.ready().state, { query, scope }, this.#link.now()));
  }

  async listOpen(after: string | undefined, maxJobs: number): Promise<OpenRunList> {
    return copyOf(listOpenRuns(this.#link.ready().state, after, maxJobs));
  }

  async clean(cleanup: LedgerCleanup): Promise<LedgerCleaned> {
    return this.#link.step((step, { steps, logs }) => {
      const cleaned = cleanLedger(step, cleanup);
      if (!cleaned) return { deleted: 0, isDone: true };
      const { ids, until, isDone } = cleaned;
      const isUnfinished = new Set(openRuns(step.state, cleanup.jobId).map(({ id }) => id));
      // Also of runs whose row went before.
      for (const texts of [steps, logs])
        texts.drop(
          texts
            .ofJob(cleanup.jobId)
            .filter(({ runId }) => fireAtOf(runId) < until && !isUnfinished.has(runId)),
        );
      return { deleted: ids.length, isDone };
    });
  }

  async cleanedTo(jobId: string): Promise<EpochMs | undefined> {
    return this.#link.ready().state.ledgers.get(jobId)?.cleanedTo ?? undefined;
  }
}
