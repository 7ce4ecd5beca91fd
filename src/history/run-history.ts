import { z } from "zod";
import { CronduitError } from "../core/errors.ts";
import type { Engine } from "../engine/engine.ts";
import { parseWakeUpId } from "../jobs/occurrence-id.ts";
import { parseOptions } from "../jobs/options.ts";
import type { LedgerRow } from "../jobs/run.ts";
import { OPEN_STATES, VERDICTS } from "../jobs/verdict.ts";
import { type Run, toRun } from "./run.ts";

const PAGE = 500;
/** Rows that one call looks at; with a filter that fits nothing, the cursor leads on from there. */
const MAX_SCANNED = 10_000;
const END_OF_TIME = 8.64e15;
const CURSOR = /^(\d{1,16}):(\d{1,9})$/;

const verdictSchema = z.enum([...VERDICTS, ...OPEN_STATES]);
const instantSchema = z.union([
  z.date(),
  z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
]);

const querySchema = z.strictObject({
  verdict: z.union([verdictSchema, z.array(verdictSchema).min(1)]).optional(),
  from: instantSchema.optional(),
  to: instantSchema.optional(),
  cursor: z.string().regex(CURSOR, "is none that getRuns gave").optional(),
  limit: z.int().min(1).max(1_000).default(100),
});

/** Which runs to return. */
export interface RunQuery {
  /** Only runs of this verdict or state, or of these. @default all */
  verdict?: Run["verdict"] | Run["verdict"][] | undefined;
  /** Only fire times from here on, inclusive: a `Date`, or ISO 8601 with an offset. @default no bound */
  from?: Date | string | undefined;
  /** Only fire times up to here, inclusive: a `Date`, or ISO 8601 with an offset. @default no bound */
  to?: Date | string | undefined;
  /** Where to go on; from the page before. @default the beginning */
  cursor?: string | undefined;
  /** Runs a page, 1 to 1,000. @default 100 */
  limit?: number | undefined;
}

/** Runs, the latest fire time first. */
export interface RunPage {
  readonly runs: readonly Run[];
  /** Give it to the next call; `undefined` at the end. A page may be short and still have a cursor. */
  readonly cursor: string | undefined;
}

/** Reads the ledger. */
export class RunHistory {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Runs of a job, the latest first; those without a verdict come before all others. */
  async page(jobId: string, input: RunQuery = {}): Promise<RunPage> {
    const query = parseOptions(querySchema, input, "getRuns");
    const wanted = query.verdict === undefined ? undefined : [query.verdict].flat();
    const fromAt = query.from?.getTime() ?? 0;
    const toAt = query.to?.getTime() ?? END_OF_TIME;
    const isWanted = (row: LedgerRow): boolean =>
      wanted === undefined || wanted.includes(row.state);
    const found: LedgerRow[] = [];
    if (query.cursor === undefined) {
      const open = await this.#engine.readOpenRuns(jobId);
      found.push(
        ...open
          .filter((row) => isWanted(row) && row.fireAt >= fromAt && row.fireAt <= toAt)
          .toSorted((a, b) => b.fireAt - a.fireAt),
      );
    }
    let { at, skip } = readCursor(query.cursor, toAt);
    for (let scanned = 0; found.length < query.limit && scanned < MAX_SCANNED;) {
      const rows = await this.#engine.readLedger({
        jobId,
        fromAt,
        toAt: at,
        offset: skip,
        limit: PAGE,
        order: "latest",
      });
      for (const row of rows) {
        if (row.fireAt !== at) skip = 0;
        at = row.fireAt;
        skip += 1;
        scanned += 1;
        if (isWanted(row)) found.push(row);
        if (found.length >= query.limit) break;
      }
      if (rows.length < PAGE && found.length < query.limit)
        return { runs: found.map(toRun), cursor: undefined };
    }
    return { runs: found.map(toRun), cursor: `${at}:${skip}` };
  }

  /** @throws {@link CronduitError} `RUN_NOT_FOUND`. */
  async get(runId: string): Promise<Run> {
    const id = parseWakeUpId(runId);
    if (id) {
      const { jobId, fireAt } = id;
      const [open, rows] = await Promise.all([
        this.#engine.readOpenRuns(jobId),
        this.#engine.readLedger({
          jobId,
          fromAt: fireAt,
          toAt: fireAt,
          offset: 0,
          limit: PAGE,
          order: "latest",
        }),
      ]);
      const row = [...rows, ...open].find((candidate) => candidate.id === runId);
      if (row) return toRun(row);
    }
    throw new CronduitError(
      "RUN_NOT_FOUND",
      `There is no run "${runId.slice(0, 200)}"; retention may have removed it. See getRuns(jobId).`,
      { data: { runId: runId.slice(0, 200) } },
    );
  }
}

function readCursor(cursor: string | undefined, toAt: number): { at: number; skip: number } {
  const parts = cursor === undefined ? undefined : CURSOR.exec(cursor);
  return parts ? { at: Number(parts[1]), skip: Number(parts[2]) } : { at: toAt, skip: 0 };
}
