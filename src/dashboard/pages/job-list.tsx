import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Answer } from "../app/ask.ts";
import { Link } from "../app/link.tsx";
import { useAsk } from "../app/queries.ts";
import { useMayChange } from "../app/session.tsx";
import { useStore } from "../app/store.ts";
import { lengthOf } from "../app/shown-times.ts";
import { pathTo } from "../app/where.ts";
import { Glyph } from "../parts/glyph.tsx";
import { JobState, NextRun } from "../parts/job-state.tsx";
import { kindOf, LOOKS, wordOf } from "../parts/kinds.ts";
import { ScheduleWords } from "../parts/schedule-words.tsx";
import { Strip } from "../parts/strip.tsx";
import { TimeOf } from "../parts/time-of.tsx";
import { selected, toggleSelected } from "./bulk-selection.ts";
import { JobMenu } from "./job-menu.tsx";

type Job = Answer<"GET /jobs">["items"][number];
type StripOf = Answer<"GET /strips">["items"][number];

const ROW = 64;
/** Rows whose strips are asked for at once. */
const CHUNK = 50;

/** Jobs as a table, of which only what is in sight is in the page. */
export function JobList({
  jobs,
  hasMore,
  more,
}: {
  readonly jobs: readonly Job[];
  readonly hasMore: boolean;
  readonly more: () => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    if (list.current) setTop(list.current.getBoundingClientRect().top + scrollY);
  }, []);
  const rows = useWindowVirtualizer({
    count: jobs.length,
    estimateSize: () => ROW,
    overscan: 12,
    scrollMargin: top,
    getItemKey: (i) => jobs[i]?.id ?? i,
  });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= jobs.length - 10) more();
  }, [hasMore, last, jobs.length, more]);
  return (
    <div
      className="box joblist"
      role="table"
      aria-label="Jobs"
      aria-rowcount={hasMore ? -1 : jobs.length + 1}
    >
      <div role="row" className="job head" aria-rowindex={1}>
        <span role="columnheader" className="c-sel">
          <span className="vh">Selected</span>
        </span>
        <span role="columnheader">Job</span>
        <span role="columnheader">Schedule</span>
        <span role="columnheader">Last 60, oldest left</span>
        <span role="columnheader">Last, and why</span>
        <span role="columnheader">Now and next</span>
        <span role="columnheader">
          <span className="vh">Actions</span>
        </span>
      </div>
      <div ref={list} role="rowgroup" className="rows" style={{ height: rows.getTotalSize() }}>
        {shown.map(({ key, index, start }) => {
          const job = jobs[index];
          return (
            job && (
              <div
                key={key}
                ref={rows.measureElement}
                data-index={index}
                role="row"
                className="job"
                aria-rowindex={index + 2}
                style={{ transform: `translateY(${start - top}px)` }}
              >
                <Row job={job} chunk={chunkOf(jobs, index)} />
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

/** Neighbours that are asked about together, so that a page of rows is one call. */
function chunkOf(jobs: readonly Job[], index: number): readonly string[] {
  const start = index - (index % CHUNK);
  return jobs.slice(start, start + CHUNK).map(({ id }) => id);
}

function Row({ job, chunk }: { readonly job: Job; readonly chunk: readonly string[] }) {
  const { data } = useAsk("GET /strips", { query: { jobId: [...chunk] } });
  const isSelected = useStore(selected).has(job.id);
  const mayChange = useMayChange();
  const strip = data?.items.find(({ jobId }) => jobId === job.id);
  return (
    <>
      <span role="cell" className="c-sel">
        {mayChange && (
          <input
            type="checkbox"
            aria-label={`Select ${job.id}`}
            checked={isSelected}
            onChange={() => toggleSelected(job.id)}
          />
        )}
      </span>
      <div role="cell" className="c-name">
        <Link className="jobname" to={pathTo("job", job.id)} title={job.id}>
          {job.id}
        </Link>
        <span className="m cut">{job.description}</span>
      </div>
      <div role="cell" className="c-when">
        <ScheduleWords job={job} />
      </div>
      <div role="cell" className="c-strip">
        {strip && <Strip cells={strip.cells} />}
      </div>
      <div role="cell" className="c-last">
        <Last strip={strip} zone={job.timezone} />
      </div>
      <div role="cell" className="c-now">
        <JobState job={job} />
        <span className="m">
          <NextRun job={job} />
        </span>
      </div>
      <div role="cell" className="c-do">
        <JobMenu job={job} />
      </div>
    </>
  );
}

/** What was decided last and, if it did not go as it should, why. */
function Last({ strip, zone }: { readonly strip: StripOf | undefined; readonly zone: string }) {
  if (!strip) return null;
  const { latest } = strip;
  if (!latest) return <span className="m">never ran</span>;
  const { tone } = LOOKS[kindOf(latest)];
  return (
    <>
      <span className="cut">
        <Glyph kind={kindOf(latest)} />
        <b className={tone === "k" ? "" : tone}>{wordOf(latest)}</b>{" "}
        <span className="m">
          <TimeOf at={latest.fireTime} zone={zone} />
          {latest.durationMs !== null && `, ${lengthOf(latest.durationMs)}`}
          {latest.count > 1 && `, ${latest.count} together`}
        </span>
      </span>
      {latest.why !== null && <span className={`why ${tone}`}>{latest.why}</span>}
    </>
  );
}
