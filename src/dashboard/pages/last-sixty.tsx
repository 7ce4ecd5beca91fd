import { type KeyboardEvent, useState } from "react";
import type { Answer } from "../app/ask.ts";
import { Link } from "../app/link.tsx";
import { useAsk } from "../app/queries.ts";
import { useStore } from "../app/store.ts";
import { shortTime, zoneChoice, zoneOf } from "../app/shown-times.ts";
import { pathTo } from "../app/where.ts";
import { Glyph } from "../parts/glyph.tsx";
import { kindOf, LOOKS, wordOf } from "../parts/kinds.ts";
import { ProblemNote } from "../parts/problem-note.tsx";
import { TimeOf } from "../parts/time-of.tsx";
import { WithTimes } from "../parts/with-times.tsx";
import type { Job } from "../app/answers.ts";

type Cell = Answer<"GET /strips">["items"][number]["cells"][number];

const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowUp: -20,
  ArrowDown: 20,
};

/** The last sixty decisions; of the one that is chosen, why. At first that is the latest that did not go as it should. */
export function LastSixty({ job }: { readonly job: Job }) {
  const { data } = useAsk("GET /strips", { query: { jobId: [job.id] } });
  const [chosen, setChosen] = useState<string>();
  const cells = data?.items[0]?.cells.toReversed() ?? [];
  if (cells.length === 0) return null;
  const at = cells.findIndex(({ runId }) => runId === chosen);
  const index = at >= 0 ? at : latestToExplain(cells);
  const cell = cells[index];
  const choose = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.min(cells.length - 1, Math.max(0, index + step));
    setChosen(cells[next]?.runId);
  };
  return (
    <section className="sec" aria-labelledby="sixty">
      <header>
        <h2 id="sixty">Last {cells.length === 1 ? "occurrence" : `${cells.length} occurrences`}</h2>
        <span className="m">every time that was due, ran or not</span>
        <span className="m end keys">
          <kbd>←</kbd> <kbd>→</kbd> choose
        </span>
      </header>
      <div className="box pad">
        <div
          className="cells"
          role="listbox"
          aria-label="Occurrences, oldest first"
          aria-activedescendant={`cell-${index}`}
          tabIndex={0}
          onKeyDown={choose}
        >
          {cells.map((one, i) => (
            <OneCell
              key={one.runId}
              id={`cell-${i}`}
              cell={one}
              zone={job.timezone}
              isChosen={i === index}
              choose={() => setChosen(one.runId)}
            />
          ))}
        </div>
        {cell && <Why job={job} cell={cell} />}
      </div>
    </section>
  );
}

/** The latest that did not go as it should; if all did, the latest. */
function latestToExplain(cells: readonly Cell[]): number {
  const odd = cells.findLastIndex(
    ({ promise }) => promise !== null && promise !== "kept" && promise !== "in-flight",
  );
  return odd >= 0 ? odd : cells.length - 1;
}

function OneCell({
  id,
  cell,
  zone,
  isChosen,
  choose,
}: {
  readonly id: string;
  readonly cell: Cell;
  readonly zone: string;
  readonly isChosen: boolean;
  readonly choose: () => void;
}) {
  const { tone, cell: shape } = LOOKS[kindOf(cell)];
  const shown = zoneOf(useStore(zoneChoice), zone);
  const label = `${shortTime(cell.fireTime, shown)}, ${wordOf(cell)}`;
  return (
    // The list holds the focus; its keys choose.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <span
      id={id}
      role="option"
      className={tone}
      aria-label={label}
      title={label}
      aria-selected={isChosen}
      onClick={choose}
    >
      <svg viewBox="0 0 5 18" preserveAspectRatio="none" aria-hidden="true">
        <path d={shape} />
      </svg>
    </span>
  );
}

const NOTES: Readonly<Record<string, string>> = {
  k: "",
  l: "late",
  x: "excused",
  b: "broken",
  f: "own",
  p: "",
};

/** What happened to an occurrence, and why, in the words of the server. */
function Why({ job, cell }: { readonly job: Job; readonly cell: Cell }) {
  const { data, error } = useAsk("GET /jobs/{jobId}/explain", {
    path: { jobId: job.id },
    query: { at: cell.fireTime },
  });
  const kind = kindOf(cell);
  if (error) return <ProblemNote error={error} />;
  return (
    <div className={`note ${NOTES[LOOKS[kind].tone] ?? ""}`} aria-live="polite">
      <Glyph kind={kind} />
      <div>
        <strong>
          <TimeOf at={cell.fireTime} zone={job.timezone} />: {wordOf(cell)}.
        </strong>{" "}
        {data && <WithTimes text={data.text} zone={job.timezone} />}
      </div>
      <Link className="btn" to={pathTo("run", cell.runId)}>
        Open
      </Link>
    </div>
  );
}
