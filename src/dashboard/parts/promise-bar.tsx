import { useId } from "react";
import type { Answer } from "../app/ask.ts";

type Promises = Answer<"GET /overview">["promise"];

/** A part that is there at all is seen: its least share of the width, in %. */
const LEAST = 0.6;
const GAP = 0.3;

/** What became of promises, as one bar: kept is flat and quiet, the exceptions stand taller and have patterns of their own. */
export function PromiseBar({ promise }: { readonly promise: Promises }) {
  const id = useId();
  const { kept, late, excused, broken, inFlight, due } = promise;
  if (due === 0) return null;
  const parts = [
    { name: "on time", count: kept, fill: "currentColor", tone: "k", isFlat: true },
    { name: "late", count: late, fill: `url(#${id}l)`, tone: "l" },
    { name: "excused", count: excused, fill: `url(#${id}x)`, tone: "x" },
    { name: "broken", count: broken, fill: "currentColor", tone: "b" },
    { name: "in flight", count: inFlight, fill: "currentColor", tone: "f go" },
  ].filter(({ count }) => count > 0);
  const shares = sharesOf(parts.map(({ count }) => count / due));
  let x = 0;
  const label = `Of ${due} due: ${parts.map(({ name, count }) => `${count} ${name}`).join(", ")}`;
  return (
    <div className="promise" role="img" aria-label={label}>
      <svg width="100%" height="26" aria-hidden="true">
        <defs>
          <pattern
            id={`${id}x`}
            width="5"
            height="5"
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
          >
            <path className="x" d="M0 0h2.2v5H0z" />
          </pattern>
          <pattern id={`${id}l`} width="4" height="26" patternUnits="userSpaceOnUse">
            <path className="l" d="M0 0h2.6v26H0z" />
          </pattern>
        </defs>
        {parts.map(({ name, fill, tone, isFlat }, i) => {
          const share = shares[i] ?? 0;
          const at = x;
          x += share + GAP;
          return (
            <rect
              key={name}
              className={tone}
              fill={fill}
              x={`${at}%`}
              width={`${share}%`}
              y={isFlat ? 14 : 0}
              height={isFlat ? 12 : 26}
            />
          );
        })}
      </svg>
    </div>
  );
}

/** Shares of 100 %, none too small to be seen; the largest gives what the small ones need. */
function sharesOf(given: readonly number[]): readonly number[] {
  const room = 100 - GAP * (given.length - 1);
  const least = given.map((share) => Math.max(LEAST, share * room));
  const excess = least.reduce((sum, share) => sum + share, 0) - room;
  const largest = least.indexOf(Math.max(...least));
  return least.map((share, i) => (i === largest ? share - excess : share));
}
