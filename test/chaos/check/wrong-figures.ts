import { isDeepStrictEqual } from "node:util";
import type { LedgerRow } from "../../../src/jobs/ledger-row.ts";
import { PERIOD_MS } from "../../../src/jobs/roll-up.ts";
import { countRows } from "../../helpers/count-rows.ts";
import type { Row } from "../history/history.ts";
import type { Case, JobView } from "./job-view.ts";
import type { Violation } from "./violation.ts";

/** A job's roll-ups are what its rows come to, all of which are kept. */
export function wrongFigures(job: JobView, { history }: Case): Violation[] {
  if (!history.days) return [];
  const told = history.days.find(({ jobId }) => jobId === job.id)?.days ?? [];
  const counted = countRows(job.rows.map(asRow), PERIOD_MS.day);
  if (isDeepStrictEqual(JSON.parse(JSON.stringify(told)), counted)) return [];
  const text = `its days say ${JSON.stringify(told)}, and its rows ${JSON.stringify(counted)}`;
  return [{ kind: "wrong figures", job: job.id, at: history.to, text }];
}

/** `account` finds nothing lost, and nothing that it can't explain. */
export function wrongAccount(job: JobView, { history }: Case): Violation[] {
  return (history.accountedWrong ?? [])
    .filter((wrong) => wrong.job === job.id)
    .map(({ problem, fireAt }) => ({
      kind: "wrong figures",
      job: job.id,
      at: fireAt,
      text: `account says that this is ${problem}`,
    }));
}

/** A row as the engine has it. */
export function asRow({ run, verdict, ...row }: Row): LedgerRow {
  return { ...row, id: run, state: verdict } as LedgerRow;
}
