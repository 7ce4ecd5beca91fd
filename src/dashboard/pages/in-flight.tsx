import { Link } from "../app/link.tsx";
import { useAsk } from "../app/queries.ts";
import { lengthOf, useNow } from "../app/shown-times.ts";
import { pathTo } from "../app/where.ts";
import { Glyph } from "../parts/glyph.tsx";
import { kindOf, LOOKS } from "../parts/kinds.ts";

/** What has no verdict yet: it runs, sleeps, or waits. */
export function InFlight() {
  const { data } = useAsk("GET /runs", {
    query: { verdict: ["running", "retrying", "sleeping", "queued"], limit: 20 },
  });
  const now = useNow();
  if (!data || data.items.length === 0) return null;
  return (
    <section className="sec" aria-labelledby="flight">
      <header>
        <h2 id="flight">In flight</h2>
        <span className="m">
          {data.items.length}
          {data.nextCursor !== null && " and more"}
        </span>
      </header>
      <ul className="box lines flight">
        {data.items.map((run) => {
          const kind = kindOf(run);
          const began = run.startedAt ?? run.dueTime;
          const lastedMs = Math.max(0, now - new Date(began).getTime());
          return (
            <li key={run.id}>
              <Glyph kind={kind} isNamed />
              <Link className="jobname" to={pathTo("run", run.id)}>
                {run.jobId}
              </Link>
              <span className="nw">
                {LOOKS[kind].word} {lengthOf(Math.floor(lastedMs / 1_000) * 1_000)}
              </span>
              <span className="m">{run.worker ?? "waits"}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
