import { z } from "zod";
import { END_OF_TIME, type EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import type { Engine } from "../engine/port/engine.ts";
import { checkRange, endOption, instantOption } from "../jobs/instant-option.ts";
import { parseQueueJobId } from "../jobs/occurrence-id.ts";
import { parseOptions } from "../jobs/options.ts";
import type { LedgerRow } from "../jobs/ledger-row.ts";
import { OPEN_STATES, VERDICTS } from "../jobs/verdict.ts";
import type { InstantInput } from "../triggers/time/parse-instant.ts";
import { latestFirst } from "./latest-first.ts";
import { type Run, toRun } from "./run.ts";

const PAGE = 500;
/** Rows that one call examines; if a filter matches nothing among them, the cursor continues from there. */
const MAX_SCANNED = 10_000;
/** `q` while in the runs without a verdict; then a fire time, and how many runs of that time were returned. */
const CURSOR = /^(q?)(\d{1,16}):(\d{1,9})$/;

const verdictSchema = z.enum([...VERDICTS, ...OPEN_STATES]);
const querySchema = z.strictObject({
  verdict: z.union([verdictSchema, z.array(verdictSchema).min(1)]).optional(),
  from: z.unknown().optional(),
  to: z.unknown().optional(),
  cursor: z.string().regex(CURSOR, "is not a cursor that getRuns returned").optional(),
  limit: z.int().min(1).max(1_000).default(100),
});

/** Which runs to return. */
export interface RunQuery {
  /** Only runs with this verdict or state, or with one of these. @default all */
  verdict?: Run["verdict"] | Run["verdict"][] | undefined;
  /**
   * Only fire times from this instant on, as in `runDate`; read in the job's time zone unless it has an offset.
   * @default no bound
   */
  from?: InstantInput | undefined;
  /**
   * Only fire times up to this instant, as in `runDate`; a date without a time includes that day. Read in the job's
   * time zone unless it has an offset. @default no bound
   */
  to?: InstantInput | undefined;
  /** Where to continue: the `cursor` of the previous page. @default the beginning */
  cursor?: string | undefined;
  /** Runs per page, 1 to 1,000. @default 100 */
  limit?: number | undefined;
}

/** Runs, latest fire time first. @template T What their `result` can be. */
export interface RunPage<T = unknown> {
  readonly runs: readonly Run<T>[];
  /** Pass it to the next call; `undefined` at the end. A short page may still have a cursor. */
  readonly cursor: string | undefined;
}

/** Reads the ledger. */
export class RunHistory {
  readonly #engine: Pick<Engine, "ledger">;

  constructor(engine: Pick<Engine, "ledger">) {
    this.#engine = engine;
  }

  /**
   * Runs of a job, latest first; those without a verdict come before all others.
   * @param zone Gets the job's time zone; only called if a time without an offset may need it.
   */
  async page(
    jobId: string,
    input: RunQuery = {},
    zone: () => Promise<string> = async () => "UTC",
  ): Promise<RunPage> {
    const query = parseOptions(querySchema, input, "getRuns");
    const isInWords = typeof query.from === "string" || typeof query.to === "string";
    const { fromAt, toAt } = rangeOf(query, isInWords ? await zone() : "UTC");
    const wanted = query.verdict === undefined ? undefined : [query.verdict].flat();
    const isWanted = (row: LedgerRow): boolean =>
      wanted === undefined || wanted.includes(row.state);
    const place = readPlace(query.cursor, toAt);
    const open = place.isOpen ? await this.#openFrom(jobId, place, { fromAt, isWanted }) : [];
    if (open.length > query.limit) {
      const rows = open.slice(0, query.limit);
      return { runs: rows.map(toRun), cursor: `q${writeCursor(rows.reduce(advance, place))}` };
    }
    const left = query.limit - open.length;
    const from = place.isOpen ? { at: toAt, skip: 0 } : place;
    const pageSize = wanted ? PAGE : Math.min(PAGE, Math.max(1, left));
    const want = { fromAt, isWanted, limit: left, pageSize };
    const { rows, next } = await this.#decidedFrom(jobId, from, want);
    // A run that got its verdict between the two reads is returned once.
    const decided = new Set(rows.map(({ id }) => id));
    const found = [...open.filter(({ id }) => !decided.has(id)), ...rows];
    return { runs: found.map(toRun), cursor: next && writeCursor(next) };
  }

  /** All runs without a verdict from a place on, latest first. */
  async #openFrom(
    jobId: string,
    place: Place,
    { fromAt, isWanted }: { fromAt: EpochMs; isWanted: (row: LedgerRow) => boolean },
  ): Promise<LedgerRow[]> {
    const open = await this.#engine.ledger.readOpenRuns(jobId);
    const rows = latestFirst(
      open.filter((row) => isWanted(row) && row.fireAt >= fromAt && row.fireAt <= place.at),
    );
    const given = rows.filter(({ fireAt }) => fireAt === place.at).slice(0, place.skip);
    return rows.slice(given.length);
  }

  /** Decided rows from a place on, latest first, and where to continue; no place at the end. */
  async #decidedFrom(
    jobId: string,
    place: Place,
    want: {
      fromAt: EpochMs;
      isWanted: (row: LedgerRow) => boolean;
      limit: number;
      /** Rows to read at once: no more than are wanted, if all are. */
      pageSize: number;
    },
  ): Promise<{ rows: LedgerRow[]; next: Place | undefined }> {
    const found: LedgerRow[] = [];
    let next = place;
    for (let scanned = 0; found.length < want.limit && scanned < MAX_SCANNED;) {
      const rows = await this.#engine.ledger.read({
        jobId,
        fromAt: want.fromAt,
        toAt: next.at,
        offset: next.skip,
        limit: want.pageSize,
        order: "latest",
      });
      for (const row of rows) {
        next = advance(next, row);
        scanned += 1;
        if (want.isWanted(row)) found.push(row);
        if (found.length >= want.limit) break;
      }
      if (rows.length < want.pageSize && found.length < want.limit)
        return { rows: found, next: undefined };
    }
    return { rows: found, next };
  }

  /** @throws {@link CronduitError} `RUN_NOT_FOUND`. */
  async get(runId: unknown): Promise<Run> {
    const id = typeof runId === "string" ? parseQueueJobId(runId) : undefined;
    if (id) {
      const { jobId, fireAt } = id;
      const at = { jobId, fromAt: fireAt, toAt: fireAt, offset: 0, limit: PAGE } as const;
      const decided = () => this.#engine.ledger.read({ ...at, order: "latest" });
      const [open, rows] = await Promise.all([this.#engine.ledger.readOpenRuns(jobId), decided()]);
      const isWanted = (candidate: LedgerRow) => candidate.id === runId;
      const row =
        [...rows, ...open].find(isWanted) ??
        // It may have got its verdict after the ledger was read but before the open runs were.
        (await decided()).find(isWanted);
      if (row) return toRun(row);
    }
    const shown = typeof runId === "string" ? runId.slice(0, 200) : typeof runId;
    throw new CronduitError(
      "RUN_NOT_FOUND",
      `There is no run "${shown}"; retention may have deleted it. See getRuns(jobId).`,
      { data: { runId: shown } },
    );
  }
}

/** The times that `getRuns` asks for. @throws {@link CronduitError} `INVALID_OPTION` */
export function rangeOf(
  { from, to }: { readonly from?: unknown; readonly to?: unknown },
  timezone: string,
): { fromAt: EpochMs; toAt: EpochMs } {
  const at = (path: string) => ({ where: "getRuns", path, timezone });
  const fromAt = from === undefined ? 0 : instantOption(from, at("from"));
  const toAt = to === undefined ? END_OF_TIME : endOption(to, at("to"));
  checkRange({ at: fromAt, given: from }, { at: toAt, given: to }, "getRuns");
  return { fromAt, toAt };
}

/** A place in the order by fire time, latest first: after the first `skip` rows with the fire time `at`. */
interface Place {
  readonly at: EpochMs;
  readonly skip: number;
}

function readPlace(cursor: string | undefined, toAt: EpochMs): Place & { isOpen: boolean } {
  const parts = cursor === undefined ? undefined : CURSOR.exec(cursor);
  if (!parts) return { at: toAt, skip: 0, isOpen: true };
  return { at: Number(parts[2]), skip: Number(parts[3]), isOpen: parts[1] === "q" };
}

function advance({ at, skip }: Place, { fireAt }: LedgerRow): Place {
  return { at: fireAt, skip: fireAt === at ? skip + 1 : 1 };
}

function writeCursor({ at, skip }: Place): string {
  return `${at}:${skip}`;
}
