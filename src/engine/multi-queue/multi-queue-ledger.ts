import type { EpochMs } from "../../core/clock.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";
import type { Scope } from "../../jobs/scope.ts";
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
import { listOfQueues } from "./list-of-queues.ts";
import { mergeRows } from "./merge-rows.ts";
import type { Queues } from "./queues.ts";

/** The ledgers of all queues: a removed job leaves its ledger behind, and may be added again on another queue. */
export class MultiQueueLedger implements LedgerPort {
  readonly #queues: Queues;

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  async read(query: LedgerQuery): Promise<LedgerRow[]> {
    const { home } = this.#queues;
    const others = await this.#queues.others();
    if (others.size === 0) return home.ledger.read(query);
    const { offset, limit, order } = query;
    const all = { ...query, offset: 0, limit: offset + limit };
    const engines = [home, ...others.values()];
    const lists = await Promise.all(engines.map(({ ledger }) => ledger.read(all)));
    return mergeRows(lists, order).slice(offset, offset + limit);
  }

  async readOpenRuns(jobId: string): Promise<LedgerRow[]> {
    const [rows, others] = await Promise.all([
      this.#queues.home.ledger.readOpenRuns(jobId),
      this.#queues.others(),
    ]);
    const more = [...others.values()].map(({ ledger }) => ledger.readOpenRuns(jobId));
    return [rows, ...(await Promise.all(more))].flat();
  }

  async readMany(query: LedgersQuery): Promise<LedgerPart[]> {
    const ledgers = await this.#ledgers();
    const found = await Promise.all(ledgers.map((ledger) => ledger.readMany(query)));
    return query.jobIds.map((_, i) => {
      const parts = found.flatMap((each) => each[i] ?? []);
      const rows = mergeRows(
        parts.map((part) => part.rows),
        "latest",
      );
      return {
        rows: rows.slice(0, query.limit),
        isAll: rows.length <= query.limit && parts.every(({ isAll }) => isAll),
        open: parts.flatMap(({ open }) => open),
      };
    });
  }

  async list(query: RunListQuery, scope: Scope): Promise<RunList> {
    const { home } = this.#queues;
    const others = await this.#queues.others();
    if (others.size === 0) return home.ledger.list(query, scope);
    return listOfQueues(
      [
        ["", home.ledger] as const,
        ...[...others].map(([name, { ledger }]) => [name, ledger] as const),
      ],
      { query, scope },
    );
  }

  async listOpen(after: string | undefined, maxJobs: number): Promise<OpenRunList> {
    const ledgers = await this.#ledgers();
    const pages = await Promise.all(ledgers.map((ledger) => ledger.listOpen(after, maxJobs)));
    // Every queue has looked up to here.
    const ends = pages.flatMap(({ next }) => next ?? []).toSorted((a, b) => (a < b ? -1 : 1));
    const [next] = ends;
    const runs = pages
      .flatMap((page) => page.runs)
      .filter(({ jobId }) => next === undefined || jobId <= next)
      .toSorted((a, b) => (a.jobId < b.jobId ? -1 : Number(a.jobId > b.jobId)));
    return { runs, next };
  }

  async clean(cleanup: LedgerCleanup): Promise<LedgerCleaned> {
    const ledgers = await this.#ledgers();
    const cleaned = await Promise.all(ledgers.map((ledger) => ledger.clean(cleanup)));
    return {
      deleted: cleaned.reduce((sum, { deleted }) => sum + deleted, 0),
      isDone: cleaned.every(({ isDone }) => isDone),
    };
  }

  async cleanedTo(jobId: string): Promise<EpochMs | undefined> {
    const ledgers = await this.#ledgers();
    const times = await Promise.all(ledgers.map((ledger) => ledger.cleanedTo(jobId)));
    const known = times.filter((at) => at !== undefined);
    return known.length === 0 ? undefined : Math.max(...known);
  }

  async #ledgers(): Promise<readonly LedgerPort[]> {
    const engines = [this.#queues.home, ...(await this.#queues.others()).values()];
    return engines.map(({ ledger }) => ledger);
  }
}
