import type { Answer } from "../app/ask.ts";

type Cell = Answer<"GET /strips">["items"][number]["cells"][number];

/** What became of an occurrence, as it is drawn. */
export type Kind =
  | "succeeded"
  | "late"
  | "failed"
  | "missed"
  | "max"
  | "overdue"
  | "condition"
  | "paused"
  | "requested"
  | "coalesced"
  | "cancelled"
  | "other"
  | "queued"
  | "running"
  | "retrying"
  | "sleeping"
  | "planned";

/** How a kind is said and drawn. */
interface Look {
  readonly word: string;
  /** The promise's colour: kept, late, excused (x), broken, in flight, planned. */
  readonly tone: "k" | "l" | "x" | "b" | "f" | "p";
  /** In a strip, in a cell of 5 × 18. */
  readonly cell: string;
}

/** Every kind, in the order of a legend. */
export const LOOKS: Readonly<Record<Kind, Look>> = {
  succeeded: { word: "succeeded", tone: "k", cell: "M0 7h5v10h-5z" },
  late: { word: "succeeded, late", tone: "l", cell: "M0 9.3L5 3V17H0z" },
  failed: { word: "failed", tone: "b", cell: "M0 0h5L3.5 9L5 18h-5L1.5 9z" },
  missed: { word: "missed", tone: "b", cell: "M0 3h5v14h-5zM1 4h3v12h-3z" },
  max: {
    word: "skipped: max-instances",
    tone: "b",
    cell: "M0 3h5v14h-5zM1 4h3v4h-3zM1 12h3v4h-3z",
  },
  overdue: { word: "overdue", tone: "b", cell: "M1 3h3v8.7h-3zM1 13.9h3v3.1h-3z" },
  condition: {
    word: "skipped: condition",
    tone: "x",
    cell: "M2.5 4.1L5 10L2.5 15.9L0 10zM2.5 6.8L3.9 10L2.5 13.2L1.1 10z",
  },
  paused: {
    word: "skipped: paused",
    tone: "x",
    cell: "M0 5.1h1.5v9.8h-1.5zM3.5 5.1h1.5v9.8h-1.5z",
  },
  requested: { word: "skipped: requested", tone: "x", cell: "M0 14.9L3.2 5.1h1.8L1.8 14.9z" },
  coalesced: { word: "coalesced", tone: "x", cell: "M0 5.5h2.1L5 10L2.1 14.5h-2.1L2.9 10z" },
  cancelled: { word: "cancelled", tone: "x", cell: "M0 10.7h5v6.3h-5z" },
  other: { word: "skipped", tone: "x", cell: "M1.5 8.5h2v2h-2z" },
  queued: { word: "queued", tone: "f", cell: "M1.5 3h2v3h-2zM1.5 8.5h2v3h-2zM1.5 14h2v3h-2z" },
  running: { word: "running", tone: "f", cell: "M0 3h5v14h-5z" },
  retrying: { word: "retrying", tone: "f", cell: "M0 3h5v5.5h-5zM0 11h5v6h-5z" },
  sleeping: { word: "sleeping", tone: "f", cell: "M0 13h5v4h-5z" },
  planned: { word: "planned", tone: "p", cell: "M1.9 5.8h1.2v11.2h-1.2z" },
};

const BY_REASON: Readonly<Record<string, Kind>> = {
  "max-instances": "max",
  condition: "condition",
  paused: "paused",
  requested: "requested",
};

/** How a decision is drawn. */
export function kindOf({
  verdict,
  reason,
  promise,
}: Pick<Cell, "verdict" | "reason" | "promise">): Kind {
  if (verdict === "skipped") return BY_REASON[reason ?? ""] ?? "other";
  return verdict === "succeeded" && promise === "late" ? "late" : verdict;
}

/** A decision in words. */
export function wordOf(cell: Pick<Cell, "verdict" | "reason" | "promise">): string {
  const kind = kindOf(cell);
  return kind === "other" && cell.reason ? `skipped: ${cell.reason}` : LOOKS[kind].word;
}
