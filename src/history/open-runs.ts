import type { Engine } from "../engine/port/engine.ts";
import type { LedgerRow } from "../jobs/ledger-row.ts";

const JOBS_A_READ = 100;
const MAX_READS = 10;

/** A run without a verdict. */
export interface OpenRun {
  readonly jobId: string;
  readonly row: LedgerRow;
}

/** Runs without a verdict, as many as were looked at. */
export interface OpenRuns {
  readonly runs: readonly OpenRun[];
  /** Whether these are all. */
  readonly isAll: boolean;
}

/** The runs without a verdict of up to a thousand jobs. */
export async function readOpenRuns(engine: Pick<Engine, "ledger">): Promise<OpenRuns> {
  const runs: OpenRun[] = [];
  let after: string | undefined;
  for (let reads = 0; reads < MAX_READS; reads += 1) {
    const page = await engine.ledger.listOpen(after, JOBS_A_READ);
    runs.push(...page.runs);
    after = page.next;
    if (after === undefined) return { runs, isAll: true };
  }
  return { runs, isAll: false };
}
