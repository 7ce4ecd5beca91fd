import type { LedgerRow } from "../../jobs/ledger-row.ts";
import { toJson } from "../codec/stored-json.ts";
import type { LedgerPort, LedgerQuery } from "../port/ledger.ts";
import { decodeRows } from "./job-codec.ts";
import type { PostgresLink } from "./postgres-link.ts";

/** What became of occurrences, on PostgreSQL. */
export class PostgresLedger implements LedgerPort {
  readonly #link: PostgresLink;

  constructor(link: PostgresLink) {
    this.#link = link;
  }

  async read(query: LedgerQuery): Promise<LedgerRow[]> {
    return decodeRows(await this.#link.read("readLedger", "read_ledger($1)", [toJson(query)]));
  }

  async readOpenRuns(jobId: string): Promise<LedgerRow[]> {
    return decodeRows(await this.#link.read("readOpenRuns", "read_open_runs($1)", [jobId]));
  }
}
