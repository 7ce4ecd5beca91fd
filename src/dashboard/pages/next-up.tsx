import type { Answer } from "../app/ask.ts";
import { Link } from "../app/link.tsx";
import { pathTo } from "../app/where.ts";
import { Away, TimeOf } from "../parts/time-of.tsx";

/** What comes next, of all jobs. */
export function NextUp({ overview: { next } }: { readonly overview: Answer<"GET /overview"> }) {
  return (
    <section className="sec" aria-labelledby="next">
      <header>
        <h2 id="next">Next</h2>
        <Link className="m end" to={pathTo("timeline")}>
          Timeline
        </Link>
      </header>
      {next.length === 0 ? (
        <p className="box pad m">Nothing is planned.</p>
      ) : (
        <ol className="box lines nextup">
          {next.map(({ jobId, fireTime, scheduleInShort }) => (
            <li key={jobId}>
              <TimeOf at={fireTime} />
              <span className="m nw">
                <Away at={fireTime} />
              </span>
              <Link className="jobname" to={pathTo("job", jobId)}>
                {jobId}
              </Link>
              <span className="m">{scheduleInShort}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
