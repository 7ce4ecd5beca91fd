import { useDeferredValue, useEffect, useRef, useState } from "react";
import { type Answer, addressOf } from "../app/ask.ts";
import type { Run } from "../app/answers.ts";
import { usePages } from "../app/queries.ts";
import { useStore } from "../app/store.ts";
import { clockOf, zoneChoice, zoneOf } from "../app/shown-times.ts";
import { Choices } from "../parts/choices.tsx";
import { Icon } from "../parts/glyph.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { withoutControls } from "../parts/without-controls.ts";

type LogPage = Answer<"GET /runs/{runId}/logs">;
type Line = LogPage["items"][number];
type Level = "all" | "warn" | "error";

const LEVELS: Readonly<Record<Level, { readonly name: string; readonly query: object }>> = {
  all: { name: "All", query: {} },
  warn: { name: "Warnings", query: { level: ["warn", "error"] } },
  error: { name: "Errors", query: { level: ["error"] } },
};
const PAGE = 500;
/** Followed lines that are kept in the page. */
const MOST = 5_000;

/** What a run wrote. It is searched by the server; while the run goes on, it can be followed. */
export function RunLog({ run, isOpen }: { readonly run: Run; readonly isOpen: boolean }) {
  const [text, setText] = useState("");
  const [level, setLevel] = useState<Level>("all");
  const [isFollowed, setIsFollowed] = useState(false);
  return (
    <section className="sec" aria-labelledby="log">
      <header>
        <h2 id="log">Log</h2>
      </header>
      <div className="box">
        <div className="logbar">
          <label className="search">
            <Icon name="search" />
            <span className="vh">Search the log on the server</span>
            <input type="search" value={text} onChange={(event) => setText(event.target.value)} />
          </label>
          <Choices
            label="Level"
            choices={(Object.keys(LEVELS) as Level[]).map((one) => [one, LEVELS[one].name])}
            chosen={level}
            choose={setLevel}
          />
          <span className="end" />
          <button
            type="button"
            className="btn quiet"
            aria-pressed={isFollowed}
            disabled={!isOpen && !isFollowed}
            title={isOpen ? undefined : "The run has ended"}
            onClick={() => setIsFollowed(!isFollowed)}
          >
            {isFollowed ? "Following" : "Follow"}
          </button>
        </div>
        {isFollowed ? (
          <Followed runId={run.id} text={text} level={level} />
        ) : (
          <Pages runId={run.id} text={text} level={level} />
        )}
      </div>
    </section>
  );
}

interface Chosen {
  readonly runId: string;
  readonly text: string;
  readonly level: Level;
}

function Pages({ runId, text, level }: Chosen) {
  const searched = useDeferredValue(text);
  const query = { ...LEVELS[level].query, ...(searched === "" ? {} : { text: searched }) };
  const path = { runId };
  const pages = usePages("GET /runs/{runId}/logs", { path, query }, PAGE);
  if (pages.error) return <ProblemNote error={pages.error} retry={pages.refetch} />;
  const lines = pages.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <>
      <Lines lines={lines} found={searched} />
      {pages.data && lines.length === 0 && !pages.hasNextPage && (
        <p className="pad m">{text === "" ? "It wrote nothing." : "No line has this."}</p>
      )}
      <MoreButton of={pages} text="More lines" className="btn quiet" />
    </>
  );
}

function Followed({ runId, text, level }: Chosen) {
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [end, setEnd] = useState<string>();
  const key = JSON.stringify({ runId, text, level });
  useEffect(() => {
    const given = JSON.parse(key) as Chosen;
    const query = {
      ...LEVELS[given.level].query,
      ...(given.text === "" ? {} : { text: given.text }),
      follow: "true",
    };
    const source = new EventSource(
      addressOf("GET /runs/{runId}/logs", { path: { runId: given.runId }, query }).url,
    );
    source.addEventListener("lines", ({ data }: MessageEvent<string>) => {
      const { lines: more } = JSON.parse(data) as { lines: readonly Line[] };
      setLines((before) => [...before, ...more].slice(-MOST));
    });
    source.addEventListener("end", ({ data }: MessageEvent<string>) => {
      setEnd((JSON.parse(data) as { verdict: string }).verdict);
      source.close();
    });
    return () => {
      source.close();
      setLines([]);
      setEnd(undefined);
    };
  }, [key]);
  return (
    <>
      <Lines lines={lines} found={text} isFollowed />
      <p className="pad m" role="status">
        {end === undefined ? "Waiting for more." : `The run has ended: ${end}.`}
      </p>
    </>
  );
}

function Lines({
  lines,
  found,
  isFollowed = false,
}: {
  readonly lines: readonly Line[];
  readonly found: string;
  readonly isFollowed?: boolean;
}) {
  const zone = zoneOf(useStore(zoneChoice), undefined);
  const box = useRef<HTMLDivElement>(null);
  const { length } = lines;
  useEffect(() => {
    if (isFollowed && length > 0 && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [length, isFollowed]);
  if (lines.length === 0) return null;
  return (
    <div
      className="log"
      role="log"
      aria-live="off"
      tabIndex={0}
      aria-label={`${lines.length} lines`}
      ref={box}
    >
      {lines.map((line, i) => (
        // oxlint-disable-next-line react/no-array-index-key -- lines are only added at the end
        <div key={i} className={line.level === "warn" || line.level === "error" ? line.level : ""}>
          <s>{i + 1}</s>
          <time dateTime={line.time}>
            {clockOf(line.time, zone, true)}.{line.time.slice(20, 23)}
          </time>
          <b>{line.level}</b>
          <i>{line.attempt > 1 ? `try ${line.attempt}` : ""}</i>
          <span>
            <Marked text={withoutControls(line.message)} found={found} />
            {Object.keys(line.fields).length > 0 && (
              <span className="m"> {withoutControls(JSON.stringify(line.fields))}</span>
            )}
          </span>
        </div>
      ))}
    </div>
  );
}

/** A text with what was searched for marked, as the server finds it: literally, whatever the case. */
function Marked({ text, found }: { readonly text: string; readonly found: string }) {
  const at = found === "" ? -1 : text.toLowerCase().indexOf(found.toLowerCase());
  if (at < 0) return <>{text}</>;
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, at + found.length)}</mark>
      {text.slice(at + found.length)}
    </>
  );
}
