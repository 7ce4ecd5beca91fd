import type { RunAnswer } from "../../api/contract/run-shapes.ts";
import type { Paint } from "./paint.ts";

type State = RunAnswer["verdict"];
type Kind = Parameters<Paint>[0];

const LOOKS: Readonly<Record<State, readonly [glyph: string, kind: Kind]>> = {
  succeeded: ["✓", "good"],
  failed: ["✗", "bad"],
  cancelled: ["⊗", "care"],
  missed: ["!", "bad"],
  coalesced: ["≈", "quiet"],
  skipped: ["⊘", "care"],
  queued: ["…", "quiet"],
  running: ["▶", "strong"],
  retrying: ["↻", "care"],
  sleeping: ["z", "quiet"],
};
const PAUSED = "‖";
/** In a row of many, what went well is small, so that the rest is seen. */
const WELL = "▪";

/** The sign of a verdict, or of the state before it. Beside it stands the word, or the time. */
export function glyphOf(verdict: State, reason: string | null, paint: Paint): string {
  const [glyph, kind] = LOOKS[verdict];
  return reason === "paused" ? paint("quiet", PAUSED) : paint(kind, glyph);
}

/** A verdict with its sign and, if it has one, its reason: `⊘ skipped: condition`. */
export function verdictText(
  { verdict, reason }: Pick<RunAnswer, "verdict" | "reason">,
  paint: Paint,
): string {
  return `${glyphOf(verdict, reason, paint)} ${verdict}${reason === null ? "" : `: ${reason}`}`;
}

/** A decision in a row of many. */
export interface StripCell {
  readonly verdict: State;
  readonly reason: string | null;
}

/** The last decisions of a job, the latest at the right. @param cells The latest first. */
export function stripText(cells: readonly StripCell[], most: number, paint: Paint): string {
  return cells
    .slice(0, most)
    .toReversed()
    .map(({ verdict, reason }) =>
      verdict === "succeeded" ? paint("good", WELL) : glyphOf(verdict, reason, paint),
    )
    .join("");
}
