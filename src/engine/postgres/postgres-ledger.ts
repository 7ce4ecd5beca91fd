import type { EpochMs } from "../../core/clock.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";
import { placeOf } from "../../jobs/run-list.ts";
import type { Scope } from "../../jobs/scope.ts";
import { toJson, unpack, type Written } from "../codec/stored-json.ts";
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
import { decodeRows } from "./job-codec.ts";
import type { PostgresLink } from "./postgres-link.ts";

/** What `list_runs` answers. */
interface WrittenList {
  readonly rows: readonly {
    readonly jobId: string;
    readonly place: string;
    readonly row: Written<LedgerRow>;
  }[];
  readonly next: string | null;
}

/** What `list_open_runs` answers. */
interface WrittenOpenList {
  readonly rows: readonly { readonly jobId: string; readonly rows: Written<LedgerRow>[] }[];
  readonly next: string | null;
}

/** What `read_ledgers` answers of each job. */
interface WrittenPart {
  readonly rows: readonly Written<LedgerRow>[];
  readonly open: readonly Written<LedgerRow>[];
}

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

  async readMany({ limit, ...query }: LedgersQuery): Promise<LedgerPart[]> {
    const asked = toJson({ ...query, limit: limit + 1 });
    const read = "read_ledgers($1)";
    const parts = await this.#link.read<WrittenPart[]>("readLedgers", read, [asked]);
    return parts.map(({ rows, open }) => ({
      rows: decodeRows(rows.slice(0, limit)),
      isAll: rows.length <= limit,
      open: decodeRows(open),
    }));
  }

  async list(query: RunListQuery, scope: Scope): Promise<RunList> {
    const owners = scope === "all" ? undefined : scope;
    const asked = {
      ...query,
      owners,
      before: query.before === undefined ? undefined : knownPlace(query.before),
      fromAt: Math.ceil(query.fromAt),
      toAt: Math.floor(query.toAt),
    };
    const { rows, next } = await this.#link.read<WrittenList>("listRuns", "list_runs($1)", [
      toJson(asked),
    ]);
    const runs = rows.map(({ jobId, place, row }) => ({
      jobId,
      place,
      row: unpack<LedgerRow>(row),
    }));
    return { runs, next: next ?? undefined, since: undefined };
  }

  async listOpen(after: string | undefined, maxJobs: number): Promise<OpenRunList> {
    const page = await this.#link.read<WrittenOpenList>("listOpenRuns", "list_open_runs($1, $2)", [
      after ?? "",
      maxJobs,
    ]);
    const runs = page.rows.flatMap(({ jobId, rows }) =>
      decodeRows(rows).map((row) => ({ jobId, row })),
    );
    return { runs, next: page.next ?? undefined };
  }

  async clean(cleanup: LedgerCleanup): Promise<LedgerCleaned> {
    return JSON.parse(
      String(await this.#link.run("cleanLedger", "clean_ledger", cleanup)),
    ) as LedgerCleaned;
  }

  async cleanedTo(jobId: string): Promise<EpochMs | undefined> {
    const read = "read_cleaned_to($1)";
    return (await this.#link.read<EpochMs | null>("cleanedTo", read, [jobId])) ?? undefined;
  }
}

/** A place as `list_runs` reads it. One of another id was never written here: it may have been forged. */
function knownPlace(text: string): string {
  return /^\d{1,16}:\d{0,18}$/.test(text) ? text : `${placeOf(text).at}:`;
}
