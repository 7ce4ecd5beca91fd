import type { LedgerRow } from "../../jobs/ledger-row.ts";
import type { LedgerPort, LedgerQuery } from "../port/ledger.ts";
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
}
