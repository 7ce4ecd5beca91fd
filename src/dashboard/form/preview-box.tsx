import { useEffect, useState } from "react";
import type { Answer, Body } from "../app/ask.ts";
import { later } from "../app/browser-clock.ts";
import { useAsk } from "../app/queries.ts";
import { useStore } from "../app/store.ts";
import { clockOf, dayOf, lengthOf, OWN_ZONE, zoneChoice, zoneOf } from "../app/shown-times.ts";
import { Glyph } from "../parts/glyph.tsx";
import { Away, TimeOf } from "../parts/time-of.tsx";

type Preview = Answer<"POST /schedules/preview">;
type Schedule = Body<"POST /schedules/preview">;

/** Typing is over when nothing more comes for so long. */
const PAUSE_MS = 200;
const DOWNTIME = "8h";

/** A schedule before it is saved: in words, its next five times, and what a downtime would do. All by the server. */
export function PreviewBox({
  schedule,
  rules,
  children,
}: {
  readonly schedule: Schedule | undefined;
  readonly rules: Pick<Schedule, "misfireGraceTime" | "coalesce" | "overlap">;
  readonly children?: React.ReactNode;
}) {
  const body = useSettled({ ...schedule, ...rules, count: 5, downtime: { lasting: DOWNTIME } });
  const isOff = schedule === undefined || schedule.is_scheduled === false;
  const { data, error } = useAsk("POST /schedules/preview", { body }, { isOff });
  if (schedule === undefined) return <div className="box">{children}</div>;
  if (isOff)
    return (
      <div className="box">
        <p className="sentence">Runs only when asked.</p>
        {children}
      </div>
    );
  if (error)
    return (
      <div className="box">
        <div className="note broken" role="alert">
          <Glyph kind="failed" />
          <div>
            {error.problem.message} {error.problem.hint}
          </div>
        </div>
      </div>
    );
  return (
    <div className="box" aria-live="polite">
      {data && (
        <>
          <p className="sentence">
            {data.scheduleInShort}
            {data.scheduleInShort.includes(data.timezone) ? "" : `, ${data.timezone}`}
          </p>
          <Next preview={data} />
          {data.warnings.map((warning) => (
            <div className="note late" key={warning}>
              <Glyph kind="late" />
              <div>{warning}</div>
            </div>
          ))}
          <Downtime preview={data} />
        </>
      )}
      {children}
    </div>
  );
}

/** A value that has not changed for a moment. */
function useSettled<T>(value: T): T {
  const key = JSON.stringify(value);
  const [settled, setSettled] = useState(key);
  useEffect(() => later(PAUSE_MS, () => setSettled(key)), [key]);
  return JSON.parse(settled) as T;
}

function Next({ preview: { next, timezone } }: { readonly preview: Preview }) {
  const zone = zoneOf(useStore(zoneChoice), timezone);
  if (next.length === 0) return <p className="b">It would never run.</p>;
  return (
    <>
      <h2>{next.length === 5 ? "Next five" : next.length === 1 ? "Next and only time" : "Next"}</h2>
      <ol className="nextfive">
        {next.map(({ time, local, offset, fires, flags }) => (
          <li key={`${time} ${local}`} className={flags.length > 0 || !fires ? "flagged" : ""}>
            {dayOf(time, zone)}{" "}
            <b title={`${local} ${offset} in ${timezone}`}>{clockOf(time, zone)}</b>
            <i>
              <Away at={time} zone={timezone} />
            </i>
            <i>{clockOf(time, "UTC")} UTC</i>
            {zone !== timezone && (
              <span className="why m">
                {local.slice(11)} in {timezone}
              </span>
            )}
            {flags.length > 0 && (
              <span className="why l">
                <Glyph kind="late" /> {fires ? "" : "does not run: "}
                {flags.join("; ")}
              </span>
            )}
          </li>
        ))}
      </ol>
      {zone !== OWN_ZONE && <p className="m">Times in {zone}.</p>}
    </>
  );
}

/** What becomes of what falls into a downtime, played by the server. */
function Downtime({ preview: { downtime, timezone } }: { readonly preview: Preview }) {
  if (!downtime) return null;
  const { from, to, due, ran, missed, coalesced, skipped, longestDelayMs, caughtUpAt } = downtime;
  const parts = [
    ran > 0 &&
      `run ${ran === 1 ? "once" : `${ran} times`}${longestDelayMs > 0 ? `, up to ${lengthOf(longestDelayMs)} late` : ""}`,
    coalesced > 0 && `merge ${coalesced} into ${ran > 0 ? "that" : "the run that follows"}`,
    missed > 0 && `miss ${missed}`,
    skipped > 0 && `skip ${skipped}`,
  ].filter((part) => part !== false);
  return (
    <div className="note">
      <Glyph kind="planned" />
      <div>
        If nothing runs from <TimeOf at={from} zone={timezone} /> to{" "}
        <TimeOf at={to} zone={timezone} />, this job will{" "}
        <b>{parts.length === 0 ? "lose nothing" : parts.join("; ")}</b>
        {ran > 0 && caughtUpAt !== null && (
          <>
            , and have caught up by <TimeOf at={caughtUpAt} zone={timezone} />
          </>
        )}
        . <span className="m">{due} would be due.</span>
      </div>
    </div>
  );
}
