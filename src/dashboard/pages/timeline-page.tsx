import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Answer } from "../app/ask.ts";
import { serverNow } from "../app/browser-clock.ts";
import { Link } from "../app/link.tsx";
import { usePages } from "../app/queries.ts";
import { useStore } from "../app/store.ts";
import { clockOf, dayOf, shortTime, zoneChoice, zoneOf } from "../app/shown-times.ts";
import { pathTo } from "../app/where.ts";
import { Choices } from "../parts/choices.tsx";
import { Loading } from "../parts/loading.tsx";
import { Page } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { TimelineLane, type TimeWindow } from "./timeline-lane.tsx";

type TimelineAnswer = Answer<"GET /timeline">;

const HOUR_MS = 3_600_000;
const SPANS: readonly (readonly [hours: number, name: string])[] = [
  [3, "3 h"],
  [12, "12 h"],
  [24, "24 h"],
  [168, "7 d"],
];
const PAGE = 50;
const ROW = 38;
const TICKS = 6;

/** What was and what comes of all jobs, one line each; left of Now the ledger, right of it the plan. */
export function TimelinePage() {
  const [hours, setHours] = useState(24);
  const [anchor, setAnchor] = useState(serverNow);
  const [from, to] = [-0.5, 0.5].map((part) =>
    new Date(anchor + part * hours * HOUR_MS).toISOString(),
  );
  const pages = usePages("GET /timeline", { query: { from, to, marks: 300 } }, PAGE);
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = pages;
  return (
    <Page title="Timeline" way={[{ text: "Timeline" }]}>
      <div className="row">
        <h1>Timeline</h1>
        <span className="m">left of Now the ledger, right of it the plan</span>
        <span className="end" />
        <Choices label="Span" choices={SPANS} chosen={hours} choose={setHours} />
        <button type="button" className="btn" onClick={() => setAnchor(serverNow())}>
          Now
        </button>
      </div>
      {error && <ProblemNote error={error} retry={refetch} />}
      {!data && !error && <Loading />}
      {data && (
        <Rows
          pages={data.pages}
          more={() => {
            if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
          }}
        />
      )}
    </Page>
  );
}

function Rows({
  pages,
  more,
}: {
  readonly pages: readonly TimelineAnswer[];
  readonly more: () => void;
}) {
  const [first] = pages;
  const items = useMemo(() => pages.flatMap(({ items: some }) => some), [pages]);
  const shown = useMemo<TimeWindow>(
    () => ({
      from: Date.parse(first?.from ?? ""),
      to: Date.parse(first?.to ?? ""),
      now: Date.parse(first?.now ?? ""),
    }),
    [first?.from, first?.to, first?.now],
  );
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    if (list.current) setTop(list.current.getBoundingClientRect().top + scrollY);
  }, []);
  const rows = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => ROW,
    overscan: 10,
    scrollMargin: top,
  });
  const virtual = rows.getVirtualItems();
  const last = virtual.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= items.length - 10) more();
  }, [last, items.length, more]);
  if (items.length === 0) return <p className="box pad m">No jobs yet.</p>;
  return (
    <div className="box tl" role="region" aria-label="Timeline">
      <Axis shown={shown} />
      <div ref={list} className="rows" style={{ height: rows.getTotalSize() }}>
        {virtual.map(({ key, index, start }) => {
          const row = items[index];
          return (
            row && (
              <div
                key={key}
                className="tlrow"
                style={{ transform: `translateY(${start - top}px)` }}
              >
                <div className="tlname">
                  <Link className="jobname cut" to={pathTo("job", row.jobId)} title={row.jobId}>
                    {row.jobId}
                  </Link>
                  <span className="m cut">
                    {row.state === "paused"
                      ? `paused: ${row.pausedReason ?? "no reason"}`
                      : row.schedule}
                  </span>
                </div>
                <TimelineLane row={row} window={shown} />
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

function Axis({ shown: { from, to, now } }: { readonly shown: TimeWindow }) {
  const zone = zoneOf(useStore(zoneChoice), undefined);
  const iso = (ms: number): string => new Date(ms).toISOString();
  const ticks = Array.from({ length: TICKS }, (_, i) => {
    const ms = from + (i * (to - from)) / TICKS;
    return iso(Math.ceil(ms / (HOUR_MS / 2)) * (HOUR_MS / 2));
  });
  const isLong = to - from > 48 * HOUR_MS;
  const place = (ms: number): string => `${(100 * (ms - from)) / (to - from)}%`;
  return (
    <div className="tlrow axis">
      <span className="tlname m">
        {dayOf(iso(from), zone)} to {dayOf(iso(to), zone)}
      </span>
      <svg width="100%" height="30" aria-hidden="true">
        {ticks.map((tick) => (
          <text key={tick} x={place(Date.parse(tick))} dx="4" y="20">
            {isLong ? shortTime(tick, zone).split(",")[0] : clockOf(tick, zone)}
          </text>
        ))}
        <rect className="flag" x={place(now)} width="38" height="18" y="6" rx="3" />
        <text className="flagt" x={place(now)} dx="6" y="19">
          Now
        </text>
      </svg>
    </div>
  );
}
