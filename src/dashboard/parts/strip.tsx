import { memo } from "react";
import type { Answer } from "../app/ask.ts";
import { type Kind, kindOf, LOOKS } from "./kinds.ts";

type Cell = Answer<"GET /strips">["items"][number]["cells"][number];

const PITCH = 6;
const CELLS = 60;
const WIDTH = CELLS * PITCH - 1;

/** The last decisions of a job, the oldest left; the newest end stays in sight. One path of each colour. */
export const Strip = memo(function Strip({ cells }: { readonly cells: readonly Cell[] }) {
  if (cells.length === 0) return <span className="m">no occurrence yet</span>;
  const shown = cells.slice(0, CELLS).toReversed();
  const start = CELLS - shown.length;
  const paths = new Map<string, string>();
  const counts = new Map<Kind, number>();
  for (const [i, cell] of shown.entries()) {
    const kind = kindOf(cell);
    const { tone, cell: shape } = LOOKS[kind];
    paths.set(tone, (paths.get(tone) ?? "") + moved(shape, (start + i) * PITCH));
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const said = [...counts].map(([kind, count]) => `${count} ${LOOKS[kind].word}`).join(", ");
  return (
    <svg
      className="strip"
      viewBox={`0 0 ${WIDTH} 18`}
      preserveAspectRatio="xMaxYMid slice"
      role="img"
      aria-label={`Last ${shown.length}: ${said}`}
    >
      {[...paths].map(([tone, d]) => (
        <path key={tone} className={tone} d={d} />
      ))}
    </svg>
  );
});

/** A shape further to the right: its first point of each part is absolute, and so are other capital letters. */
function moved(shape: string, by: number): string {
  return shape.replaceAll(/([MLHV])(-?[\d.]+)/g, (_, letter: string, x: string) =>
    letter === "V" ? `V${x}` : `${letter}${Math.round((Number(x) + by) * 10) / 10}`,
  );
}
