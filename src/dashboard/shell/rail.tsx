import type { PageName } from "../../api/contract/pages.ts";
import { useAsk } from "../app/queries.ts";
import { Link } from "../app/link.tsx";
import { OWN_ZONE, useNow, zoneName } from "../app/shown-times.ts";
import { pathTo, useWhere } from "../app/where.ts";
import { Icon } from "../parts/glyph.tsx";
import { TimeOf } from "../parts/time-of.tsx";
import { ENTRIES } from "./entries.ts";

/** The way to every page: at the side or, on a phone, below. */
export function Rail() {
  const { page } = useWhere();
  const counts = useCounts();
  return (
    <nav className="rail" aria-label="Main">
      <Link className="brand" to={pathTo("")} aria-label="cronduit, overview">
        <Icon name="brand" />
        <span>cronduit</span>
      </Link>
      <ul>
        {ENTRIES.map((entry) => {
          const isHere = page === entry.page || entry.also?.includes(page as PageName);
          const count = counts[entry.page];
          return (
            <li key={entry.page} className={entry.isWide ? "wide" : undefined}>
              <Link to={pathTo(entry.page)} aria-current={isHere ? "page" : undefined}>
                <Icon name={entry.icon} />
                <span className="t">{entry.text}</span>
                {count && (
                  <span className={`n ${count.isBroken ? "b" : ""}`}>
                    {count.text}
                    <span className="vh"> {count.word}</span>
                  </span>
                )}
              </Link>
            </li>
          );
        })}
      </ul>
      <Fleet />
    </nav>
  );
}

interface Count {
  readonly text: string;
  readonly word: string;
  readonly isBroken?: boolean;
}

function useCounts(): Partial<Record<PageName, Count>> {
  const { data: overview } = useAsk("GET /overview", {});
  const { data: jobs } = useAsk("GET /jobs/count", {});
  const broken = overview?.promise.broken ?? 0;
  return {
    ...(broken > 0 && { "": { text: numeral(broken), word: "broken", isBroken: true } }),
    ...(jobs && { jobs: { text: numeral(jobs.total), word: "in all" } }),
  };
}

function numeral(count: number): string {
  return count.toLocaleString(undefined, { notation: count > 99_999 ? "compact" : "standard" });
}

/** How the fleet stands, and what time it is there. */
function Fleet() {
  const { data } = useAsk("GET /overview", {});
  const now = new Date(useNow()).toISOString();
  if (!data) return null;
  const { count, running, capacity } = data.workers;
  return (
    <div className="fleet">
      <b>{location.host}</b>
      {count === 0
        ? "no worker"
        : `${count} ${count === 1 ? "worker" : "workers"}, ${running} of ${capacity} busy`}
      <br />
      <span className="nw">
        <TimeOf at={now} as="day" /> <TimeOf at={now} as="seconds" />
      </span>
      <br />
      {OWN_ZONE}, {zoneName(OWN_ZONE)}
    </div>
  );
}
