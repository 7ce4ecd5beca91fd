import type { Answer } from "../app/ask.ts";
import { Link } from "../app/link.tsx";
import { useAsk } from "../app/queries.ts";
import { useMayChange } from "../app/session.tsx";
import { pathTo } from "../app/where.ts";
import { Glyph } from "../parts/glyph.tsx";
import { Loading } from "../parts/loading.tsx";
import { Page } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { PromiseBar } from "../parts/promise-bar.tsx";
import { TimeOf } from "../parts/time-of.tsx";
import { InFlight } from "./in-flight.tsx";
import { NeedsYou } from "./needs-you.tsx";
import { NextUp } from "./next-up.tsx";
import { Pulse } from "./pulse.tsx";
import { WorkerList } from "./worker-list.tsx";

type Overview = Answer<"GET /overview">;

/** Whether every promise is kept and, if not, what needs somebody. */
export function OverviewPage() {
  const { data, error, refetch } = useAsk("GET /overview", {}, { everyMs: 60_000 });
  if (!data) {
    return (
      <Page title="Overview" way={[{ text: "Overview" }]}>
        {error ? <ProblemNote error={error} retry={refetch} /> : <Loading />}
      </Page>
    );
  }
  const { broken } = data.promise;
  return (
    <Page
      title={broken > 0 ? `${broken} broken · Overview` : "Overview"}
      way={[{ text: "Overview" }]}
    >
      {error && <ProblemNote error={error} retry={refetch} />}
      <Kept overview={data} />
      <div className="two">
        <div className="stack">
          <NeedsYou overview={data} />
          <InFlight />
        </div>
        <div className="stack">
          <NextUp overview={data} />
          <WorkerList />
        </div>
      </div>
    </Page>
  );
}

/** The answer, and the figures behind it. */
function Kept({ overview }: { readonly overview: Overview }) {
  const { promise, from, hours, now, isPaused } = overview;
  const { due, kept, late, excused, broken, inFlight } = promise;
  const decided = due - inFlight;
  const rows = (state: string) => pathTo("runs", undefined, { promise: state, from });
  const share = (count: number) =>
    decided === 0 ? "" : `${((100 * count) / decided).toFixed(1).replace(/\.0$/, "")} %`;
  return (
    <section className="answer" aria-labelledby="answer">
      <h1 id="answer">
        <Answered promise={promise} />
      </h1>
      <p className="m2">
        {isPaused && (
          <strong className="x">
            The whole fleet is paused: nothing begins until it is resumed.{" "}
          </strong>
        )}
        {due === 0 ? (
          <Empty />
        ) : (
          <>
            {(decided - broken).toLocaleString()} of {decided.toLocaleString()} decided occurrences
            were kept or excused.
            {!promise.isAll && " More than 1,000 jobs have runs in flight; the first are counted."}
          </>
        )}
      </p>
      <PromiseBar promise={promise} />
      {due > 0 && (
        <dl className="figures">
          <Figure name="Due" count={due} to={pathTo("runs", undefined, { from })}>
            since <TimeOf at={from} />
          </Figure>
          <Figure name="On time" kind="succeeded" tone="k" count={kept} to={rows("kept")}>
            {share(kept)}
          </Figure>
          <Figure name="Late" kind="late" tone="l" count={late} to={rows("late")}>
            began more than 10 s late
          </Figure>
          <Figure name="Excused" kind="paused" tone="x" count={excused} to={rows("excused")}>
            by you or your rules
          </Figure>
          <Figure name="Broken" kind="failed" tone="b" count={broken} to={rows("broken")}>
            failed, missed, or overlapping
          </Figure>
          <Figure name="In flight" kind="running" tone="f" count={inFlight} to={rows("in-flight")}>
            without a verdict yet
          </Figure>
        </dl>
      )}
      {hours.length > 0 && due > 0 && <Pulse hours={hours} now={now} />}
    </section>
  );
}

function Answered({ promise: { due, broken, late, inFlight } }: Pick<Overview, "promise">) {
  const span = <span>in the last 24 hours</span>;
  if (due - inFlight === 0) return <>No promise was due yet {span}</>;
  if (broken > 0) {
    return (
      <>
        <Glyph kind="failed" />{" "}
        <Link to={pathTo("runs", undefined, { promise: "broken" })}>
          {broken.toLocaleString()} {broken === 1 ? "promise" : "promises"} broken
        </Link>{" "}
        {span}
      </>
    );
  }
  return (
    <>
      <Glyph kind={late > 0 ? "late" : "succeeded"} /> Every promise kept
      {late > 0 && `, ${late.toLocaleString()} of them late`} {span}
    </>
  );
}

/** A fleet in which nothing has happened: what to do first. */
function Empty() {
  const { data: jobs } = useAsk("GET /jobs/count", {});
  const mayChange = useMayChange();
  if (jobs && jobs.total > 0) return <>Nothing has come due yet.</>;
  return (
    <>
      No jobs yet.{" "}
      {mayChange && (
        <Link className="btn primary" to={pathTo("new")}>
          Create New Job
        </Link>
      )}
    </>
  );
}

function Figure({
  name,
  kind,
  tone = "",
  count,
  to,
  children,
}: {
  readonly name: string;
  readonly kind?: Parameters<typeof Glyph>[0]["kind"];
  readonly tone?: string;
  readonly count: number;
  readonly to: string;
  readonly children: React.ReactNode;
}) {
  return (
    <div>
      <dt>
        {kind && <Glyph kind={kind} />}
        {name}
      </dt>
      <dd>
        <Link className={count > 0 ? tone : ""} to={to}>
          {count.toLocaleString()}
        </Link>
        <small>{children}</small>
      </dd>
    </div>
  );
}
