// How much `explain` reads: the row that tells is nearly always the first of a few, however many there are.
import { expect, test } from "vitest";
import { explain } from "../../src/history/explain.ts";
import type { LedgerRow } from "../../src/jobs/ledger-row.ts";

const AT = Date.UTC(2026, 0, 1);

function row(fireAt: number, parts: Partial<LedgerRow> = {}): LedgerRow {
  const id = `job:1:${fireAt}`;
  return { id, state: "missed", kind: "scheduled", fireAt, dueAt: fireAt, ...parts };
}

/** What is told of `AT`, and how many rows each read asked for. */
async function explained(rows: readonly LedgerRow[]) {
  const limits: number[] = [];
  const engine = {
    jobs: { get: async () => [undefined] },
    ledger: {
      readOpenRuns: async () => [],
      read: async ({ limit }: { limit: number }) => {
        limits.push(limit);
        return rows.slice(0, limit);
      },
    },
    now: async () => AT,
  };
  const { state, run } = await explain(engine as never, "job", AT, "all");
  return { state, id: run?.id, limits };
}

const manual = (count: number): LedgerRow[] =>
  Array.from({ length: count }, (_, i) => row(AT + 1 + i, { kind: "manual" }));

test("the occurrence itself, or the span behind it, is found among the first", async () => {
  const later = manual(200);
  expect(await explained([row(AT), ...later])).toMatchObject({ id: `job:1:${AT}`, limits: [3] });
  const span = row(AT + 60_000, { fromAt: AT - 60_000, count: 3 });
  expect(await explained([...manual(2), span])).toMatchObject({ id: span.id, limits: [3] });
});

test("a span behind more runs by hand is found, too", async () => {
  const span = row(AT + 60_000, { fromAt: AT - 60_000, count: 3 });
  expect(await explained([...manual(50), span])).toEqual({
    state: "missed",
    id: span.id,
    limits: [3, 100],
  });
});

test("what has no row is looked for no further than there are rows", async () => {
  expect(await explained([])).toMatchObject({ state: "unknown", limits: [3] });
  expect(await explained(manual(2))).toMatchObject({ state: "unknown", limits: [3] });
  expect(await explained(manual(500))).toMatchObject({ state: "unknown", limits: [3, 100] });
});
