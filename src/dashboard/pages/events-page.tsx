import { useEffect, useState } from "react";
import type { EventAnswer } from "../../api/contract/event-routes.ts";
import { Link } from "../app/link.tsx";
import { isLive, seenEvents } from "../app/live.ts";
import { useStore } from "../app/store.ts";
import { pathTo } from "../app/where.ts";
import { Page } from "../parts/page.tsx";
import { TimeOf } from "../parts/time-of.tsx";

/** What happens, as it happens. New rows wait while this is paused. */
export function EventsPage() {
  const all = useStore(seenEvents);
  const live = useStore(isLive);
  const [shown, setShown] = useState(all);
  const [text, setText] = useState("");
  useEffect(
    () => (live ? seenEvents.subscribe(() => setShown(seenEvents.value)) : undefined),
    [live],
  );
  const waiting = all.length - shown.length;
  const fitting = shown.filter((event) =>
    JSON.stringify(event).toLowerCase().includes(text.toLowerCase()),
  );
  return (
    <Page title="Events" way={[{ text: "Events" }]}>
      <div className="row">
        <h1>Events</h1>
        <span className="m">since this page was opened, the latest first</span>
      </div>
      <div className="filter">
        <label className="search">
          <span className="vh">Search events</span>
          <input
            type="search"
            data-key="/"
            placeholder="name, job, worker…"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        {!live && waiting > 0 && (
          <button type="button" className="btn" onClick={() => setShown(all)}>
            {waiting} new
          </button>
        )}
      </div>
      {fitting.length === 0 ? (
        <p className="box pad m">
          {text === "" ? "Nothing has happened yet." : "Nothing like this has happened."}
        </p>
      ) : (
        <div className="box scroll" tabIndex={0} role="region" aria-label="Events">
          <table className="tbl">
            <thead>
              <tr>
                <th>Time</th>
                <th>What</th>
                <th>Job</th>
                <th>More</th>
              </tr>
            </thead>
            <tbody>
              {fitting.toReversed().map((event, i) => (
                // oxlint-disable-next-line react/no-array-index-key -- events have no name of their own
                <Row key={fitting.length - i} event={event} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Page>
  );
}

function Row({ event }: { readonly event: EventAnswer }) {
  const { name, time, jobId, runId, fireTime, worker, attempt, count, by, reason, note } = event;
  const more = [
    worker !== undefined && `on ${worker}`,
    (attempt ?? 1) > 1 && `attempt ${attempt}`,
    (count ?? 1) > 1 && `${count} together`,
    by && `by ${by.id}`,
    reason,
    note,
  ].filter(Boolean);
  return (
    <tr>
      <td className="nw">
        <TimeOf at={time} as="seconds" />
      </td>
      <td className="mono">{name}</td>
      <td>{jobId !== undefined && <Link to={pathTo("job", jobId)}>{jobId}</Link>}</td>
      <td className="m">
        {fireTime !== undefined && runId !== undefined && (
          <Link to={pathTo("run", runId)}>
            <TimeOf at={fireTime} />
          </Link>
        )}{" "}
        {more.join(", ")}
      </td>
    </tr>
  );
}
