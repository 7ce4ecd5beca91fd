import { type Kind, LOOKS } from "../parts/kinds.ts";

const SHOWN: readonly Kind[] = [
  "succeeded",
  "late",
  "failed",
  "missed",
  "max",
  "condition",
  "paused",
  "requested",
  "coalesced",
  "cancelled",
  "other",
  "running",
];

/** What the shapes of a strip mean. */
export function Legend() {
  return (
    <ul className="legend m" aria-label="What the shapes mean">
      {SHOWN.map((kind) => (
        <li key={kind}>
          <svg
            viewBox="0 0 5 18"
            width="5"
            height="18"
            className={LOOKS[kind].tone}
            aria-hidden="true"
          >
            <path d={LOOKS[kind].cell} />
          </svg>
          {LOOKS[kind].word.replace(/^(?:skipped: |succeeded, )/, "")}
        </li>
      ))}
    </ul>
  );
}
