import type { NamedFacts } from "../../conditions/run-program.ts";
import type { EpochMs } from "../../core/clock.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";
import type { Scope } from "../../jobs/scope.ts";
import type { Engine } from "../port/engine.ts";
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
      found.push(...rows.filter(({ owner }) => this.#access.isSeen(owner)));
      if (rows.length < PAGE) break;
    }
    return this.#withoutUnseen(found.slice(offset, offset + limit));
  }

  async readOpenRuns(jobId: string): Promise<LedgerRow[]> {
    const rows = await this.#engine.ledger.readOpenRuns(jobId);
    const job = await this.#access.job(jobId);
    return this.#openSeen(rows, job !== undefined);
  }

  async readMany(query: LedgersQuery): Promise<LedgerPart[]> {
    const parts = await this.#engine.ledger.readMany(query);
    const known = await this.#access.jobs(query.jobIds);
    const seen = await Promise.all(
      parts.map(async ({ rows, isAll, open }, i) => {
        const jobId = query.jobIds[i] ?? "";
        const own = rows.filter(({ owner }) => this.#access.isSeen(owner));
        const isEnough = isAll || own.length === rows.length;
        // Rows of others may hide older ones that are seen.
        const more = isEnough ? own : await this.#readSeen(jobId, query);
        return {
          rows: more.slice(0, query.limit),
          isAll: isEnough ? isAll : more.length <= query.limit,
          open: this.#openSeen(open, known.has(jobId)),
        };
      }),
    );
    const rows = await this.#withoutUnseen(seen.flatMap((part) => part.rows));
    let from = 0;
    return seen.map(({ rows: { length }, isAll, open }) => {
      from += length;
      return { rows: rows.slice(from - length, from), isAll, open };
    });
  }

  async list(query: RunListQuery, scope: Scope): Promise<RunList> {
    const page = await this.#engine.ledger.list(query, this.#visible(scope));
    const rows = await this.#withoutUnseen(page.runs.map(({ row }) => row));
    const runs = page.runs.map((run, i) => ({ ...run, row: rows[i] ?? run.row }));
    return { ...page, runs };
  }

  /** Looks on behind jobs that are not seen: the place to continue at is the id of one that is. */
  async listOpen(after: string | undefined, maxJobs: number): Promise<OpenRunList> {
    for (let from = after; ;) {
      const page = await this.#engine.ledger.listOpen(from, maxJobs);
      const seen = await this.#access.jobs([...new Set(page.runs.map((run) => run.jobId))]);
      const runs = page.runs.filter(({ jobId, row: { owner } }) =>
        owner === undefined ? seen.has(jobId) : this.#access.isSeen(owner),
      );
      from = page.next;
      if (from === undefined) return { runs, next: undefined };
      if (runs.length > 0) return { runs, next: runs.at(-1)?.jobId };
    }
  }

  async clean(cleanup: LedgerCleanup): Promise<LedgerCleaned> {
    await this.#access.refuseFormer(cleanup.jobId);
    const { scope } = this.#access;
    const cleaning = this.#engine.ledger.clean({ ...cleanup, scope });
    return this.#access.told(cleanup.jobId, cleaning, ({ deleted }) => deleted === 0);
  }

  async cleanedTo(jobId: string): Promise<EpochMs | undefined> {
    const cleanedTo = await this.#engine.ledger.cleanedTo(jobId);
    return (await this.#access.job(jobId)) ? cleanedTo : undefined;
  }

  #readSeen(jobId: string, { fromAt, toAt, limit }: LedgersQuery): Promise<LedgerRow[]> {
    return this.read({ jobId, fromAt, toAt, offset: 0, limit: limit + 1, order: "latest" });
  }

  /** A row without an owner is of a run that nobody has taken: it is the job's owner's. */
  #openSeen(rows: readonly LedgerRow[], isJobSeen: boolean): LedgerRow[] {
    return rows.filter(({ owner }) =>
      owner === undefined ? isJobSeen : this.#access.isSeen(owner),
    );
  }

  #visible(scope: Scope): Scope {
    const { sees } = this.#access;
    if (scope === "all" || sees === "all") return scope === "all" ? sees : scope;
    return scope.filter((owner) => sees.includes(owner));
  }

  async #withoutUnseen(rows: LedgerRow[]): Promise<LedgerRow[]> {
    const named = new Set(rows.flatMap(({ facts }) => Object.keys(facts ?? {})));
    const seen = await this.#access.jobs([...named]);
    return rows.map((row) => (row.facts ? { ...row, facts: onlySeen(row.facts, seen) } : row));
  }
}

function onlySeen(facts: NamedFacts, seen: ReadonlySet<string>): NamedFacts {
  return Object.fromEntries(
    Object.entries(facts).map(([id, fact]) => [id, seen.has(id) ? fact : null]),
  );
}
