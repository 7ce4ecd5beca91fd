import type { Engine } from "../../../src/engine/port/engine.ts";
import type { LedgerRow } from "../../../src/jobs/ledger-row.ts";
import type { Row } from "./history.ts";

const PAGE = 500;

/** A ledger row in the checker's form. */
function toRow(job: string, row: LedgerRow): Row {
  const { id, state, result, error, fromAt, count, ...rest } = row;
  const resultAttempt =
    typeof result === "object" && result !== null && "attempt" in result
      ? Number(result.attempt)
      : undefined;
  return {
    job,
    run: id,
    verdict: state,
    kind: row.kind,
    fireAt: row.fireAt,
    dueAt: row.dueAt,
    fromAt: fromAt ?? row.fireAt,
    count: count ?? 1,
    ...pick(rest),
    ...(resultAttempt === undefined ? {} : { resultAttempt }),
    ...(error?.code === undefined ? {} : { errorCode: error.code }),
  };
}

type Rest = Pick<
  Row,
  "decidedAt" | "startedAt" | "finishedAt" | "attempt" | "reason" | "coalescedInto"
>;

function pick(row: Omit<LedgerRow, "id" | "state">): Rest {
  const { decidedAt, startedAt, finishedAt, attempt, reason, coalescedInto } = row;
  return {
    ...(decidedAt === undefined ? {} : { decidedAt }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(attempt === undefined ? {} : { attempt }),
    ...(reason === undefined ? {} : { reason }),
    ...(coalescedInto === undefined ? {} : { coalescedInto }),
  };
}

/** The whole ledger of these jobs. */
export async function readRows(engine: Engine, jobs: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const jobId of jobs) {
    for (let offset = 0; ; offset += PAGE) {
      const query = { jobId, fromAt: 0, toAt: 8.64e15, offset, limit: PAGE } as const;
      const page = await engine.ledger.read({ ...query, order: "oldest" });
      rows.push(...page.map((row) => toRow(jobId, row)));
      if (page.length < PAGE) break;
    }
  }
  return rows;
}

/** The runs of these jobs that have no verdict. */
export async function readOpen(engine: Engine, jobs: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const job of jobs)
    rows.push(...(await engine.ledger.readOpenRuns(job)).map((row) => toRow(job, row)));
  return rows;
}
