import { openRuns, readLedger } from "../../jobs/decide.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";
import type { LedgerPort, LedgerQuery } from "../port/ledger.ts";
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
}
