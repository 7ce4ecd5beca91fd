import type { LedgerRow } from "../../src/jobs/ledger-row.ts";
import type { RollUp } from "../../src/jobs/roll-up.ts";

/** Upper bounds of the buckets in ms; what is above is in "f". Written again, apart from what is tested. */
const BOUNDS = [
  10,
  25,
  50,
  100,
  250,
  500,
  1e3,
  2.5e3,
  5e3,
  10e3,
  30e3,
  60e3,
  300e3,
  1.8e6,
  10.8e6,
  Infinity,
];
const CODES: Readonly<Record<string, string>> = {
  "scheduled succeeded": "s",
  "scheduled failed": "f",
  "scheduled cancelled": "c",
  "scheduled missed": "m",
  "scheduled coalesced": "o",
  "scheduled max-instances": "i",
  "scheduled condition": "n",
  "scheduled paused": "p",
  "scheduled removed": "d",
  "scheduled rescheduled": "e",
  "scheduled overlap-replaced": "l",
  "scheduled requested": "q",
  "manual succeeded": "S",
  "manual failed": "F",
  "manual cancelled": "C",
  "manual missed": "M",
  "manual coalesced": "O",
  "manual skipped": "K",
  "backfill succeeded": "1",
  "backfill failed": "2",
  "backfill cancelled": "3",
  "backfill missed": "4",
  "backfill coalesced": "5",
  "backfill skipped": "6",
};

const bucket = (ms: number): string =>
  BOUNDS.findIndex((bound) => Math.max(0, ms) <= bound).toString(16);

/** What roll-ups of periods of so many ms must say, counted from all rows. */
export function countRows(rows: readonly LedgerRow[], periodMs: number): RollUp[] {
  const found = new Map<number, { marks: Record<string, number>; late: number; took: number }>();
  for (const row of rows) {
    const { kind, state, reason, startedAt, finishedAt, decidedAt, attempt = 1, count = 1 } = row;
    const decided = finishedAt ?? decidedAt ?? NaN;
    const at = decided - (decided % periodMs);
    const sum = found.get(at) ?? { marks: {}, late: 0, took: 0 };
    found.set(at, sum);
    const add = (mark: string, more: number) =>
      void (sum.marks[mark] = (sum.marks[mark] ?? 0) + more);
    let late = "";
    let took = "";
    if (startedAt !== undefined) {
      if (kind === "scheduled" && attempt === 1) {
        late = bucket(startedAt - row.dueAt);
        sum.late = Math.max(sum.late, startedAt - row.dueAt);
      }
      if (state !== "cancelled" && finishedAt !== undefined) {
        took = bucket(finishedAt - startedAt);
        sum.took = Math.max(sum.took, finishedAt - startedAt);
      }
    }
    const isSkip = kind === "scheduled" && state === "skipped";
    const code = CODES[`${kind} ${isSkip ? (reason ?? "") : state}`] ?? `? ${kind} ${state}`;
    add(code + (took === "" ? late : `${late === "" ? "x" : late}${took}`), count);
    if (attempt > 1) add("r", attempt - 1);
  }
  return [...found]
    .map(([at, { marks, late, took }]) => ({ at, marks, latenessMaxMs: late, durationMaxMs: took }))
    .toSorted((a, b) => a.at - b.at);
}
