import type { NamedFacts } from "../../conditions/run-program.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";
import type { Engine } from "../port/engine.ts";
import type { LedgerPort, LedgerQuery } from "../port/ledger.ts";
import type { Access } from "./access.ts";

const PAGE = 500;

/** The rows that somebody sees. What their conditions asked of other jobs that are not seen is as if there were none. */
export class ScopedLedger implements LedgerPort {
  readonly #engine: Pick<Engine, "ledger">;
  readonly #access: Access;

  constructor(engine: Pick<Engine, "ledger">, access: Access) {
    this.#engine = engine;
    this.#access = access;
  }

  async read(query: LedgerQuery): Promise<LedgerRow[]> {
    const { offset, limit } = query;
    const found: LedgerRow[] = [];
    // Offsets count what is seen.
    for (let at = 0; found.length < offset + limit; at += PAGE) {
      const rows = await this.#engine.ledger.read({ ...query, offset: at, limit: PAGE });
      found.push(...rows.filter(({ owner }) => this.#access.reachOf(owner) !== "none"));
      if (rows.length < PAGE) break;
    }
    return this.#withoutUnseen(found.slice(offset, offset + limit));
  }

  async readOpenRuns(jobId: string): Promise<LedgerRow[]> {
    const [job, rows] = await Promise.all([
      this.#access.job(jobId),
      this.#engine.ledger.readOpenRuns(jobId),
    ]);
    return rows.filter(({ owner }) =>
      owner === undefined ? job !== undefined : this.#access.reachOf(owner) !== "none",
    );
  }

  async #withoutUnseen(rows: LedgerRow[]): Promise<LedgerRow[]> {
    const named = [...new Set(rows.flatMap(({ facts }) => Object.keys(facts ?? {})))];
    const seen = new Set<string>();
    for (const id of named) if (await this.#access.job(id)) seen.add(id);
    return rows.map((row) => (row.facts ? { ...row, facts: onlySeen(row.facts, seen) } : row));
  }
}

function onlySeen(facts: NamedFacts, seen: ReadonlySet<string>): NamedFacts {
  return Object.fromEntries(
    Object.entries(facts).map(([id, fact]) => [id, seen.has(id) ? fact : null]),
  );
}
