import { Link } from "../app/link.tsx";
import { useAsk } from "../app/queries.ts";
import { lengthOf } from "../app/shown-times.ts";
import { pathTo } from "../app/where.ts";
import { Loading } from "../parts/loading.tsx";
import { Page } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { Away } from "../parts/time-of.tsx";

/** Clocks that differ by more make times in logs hard to compare. */
const SKEW_MS = 1_000;

/** Who executes runs, and which queues have nobody. */
export function WorkersPage() {
  const workers = useAsk("GET /workers", {}, { everyMs: 60_000 });
  const queues = useAsk("GET /queues", {}, { everyMs: 60_000 });
  const error = workers.error ?? queues.error;
  const alone =
    queues.data?.items.filter(({ jobs, workers: count }) => jobs > 0 && count === 0) ?? [];
  return (
    <Page title="Workers" way={[{ text: "Workers" }]}>
      <div className="row">
        <h1>Workers</h1>
        <span className={alone.length > 0 ? "m b" : "m"}>
          {alone.length > 0
            ? `nobody serves ${alone.map(({ name }) => name).join(", ")}`
            : "every queue with jobs has somebody"}
        </span>
      </div>
      {error && <ProblemNote error={error} retry={workers.refetch} />}
      {!workers.data && !error && <Loading />}
      {workers.data && (
        <section className="sec" aria-labelledby="alive">
          <header>
            <h2 id="alive">Alive</h2>
          </header>
          {workers.data.items.length === 0 ? (
            <p className="box pad b">No worker answers: nothing runs.</p>
          ) : (
            <div className="box scroll" tabIndex={0} role="region" aria-label="List of workers">
              <table className="tbl">
                <thead>
                  <tr>
                    <th>Host, process</th>
                    <th>Queues</th>
                    <th>Pipelines</th>
                    <th className="num">Busy</th>
                    <th>Runs</th>
                    <th>Started</th>
                    <th>Clock</th>
                  </tr>
                </thead>
                <tbody>
                  {workers.data.items.map((one) => (
                    <tr key={one.id}>
                      <td title={one.id}>
                        {one.host} <span className="m">{one.pid}</span>
                      </td>
                      <td>{one.queues.join(", ")}</td>
                      <td className="wraps">{one.pipelines.join(", ")}</td>
                      <td className="num nw">
                        {one.running.length} of {one.concurrency * one.queues.length}
                      </td>
                      <td>
                        {one.running.slice(0, 5).map((runId) => (
                          <Link key={runId} className="cut" to={pathTo("run", runId)}>
                            {runId}
                          </Link>
                        ))}
                      </td>
                      <td className="nw">
                        <Away at={one.startedAt} />
                      </td>
                      <td className={Math.abs(one.clockSkewMs) > SKEW_MS ? "b nw" : "m nw"}>
                        {Math.abs(one.clockSkewMs) > SKEW_MS
                          ? `${lengthOf(Math.abs(one.clockSkewMs))} ${one.clockSkewMs > 0 ? "ahead" : "behind"}`
                          : "right"}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </section>
      )}
      {queues.data && (
        <section className="sec" aria-labelledby="queues">
          <header>
            <h2 id="queues">Queues</h2>
          </header>
          <div className="box scroll" tabIndex={0} role="region" aria-label="List of queues">
            <table className="tbl">
              <thead>
                <tr>
                  <th>Queue</th>
                  <th className="num">Jobs</th>
                  <th className="num">Running</th>
                  <th className="num">Waiting</th>
                  <th className="num">Workers</th>
                  <th className="num">Slots</th>
                </tr>
              </thead>
              <tbody>
                {queues.data.items.map(
                  ({ name, jobs, running, waiting, workers: count, capacity }) => (
                    <tr key={name}>
                      <td>
                        <Link to={pathTo("jobs", undefined, { q: `queue:${name}` })}>{name}</Link>
                      </td>
                      <td className="num">{jobs.toLocaleString()}</td>
                      <td className="num">{running}</td>
                      <td className="num">{waiting}</td>
                      <td className={jobs > 0 && count === 0 ? "num b" : "num"}>{count}</td>
                      <td className="num">{capacity}</td>
                    </tr>
                  ),
                )}
              </tbody>
            </table>
          </div>
        </section>
      )}
    </Page>
  );
}
