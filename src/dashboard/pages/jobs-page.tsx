import { useDeferredValue } from "react";
import { Link } from "../app/link.tsx";
import { useAsk, usePages } from "../app/queries.ts";
import { queryOf, readSearch, termOf, withTerm } from "../app/search-text.ts";
import { useMayChange } from "../app/session.tsx";
import { go, pathTo, useQueryText } from "../app/where.ts";
import { Icon } from "../parts/glyph.tsx";
import { Loading } from "../parts/loading.tsx";
import { Page } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { BulkBar } from "./bulk-bar.tsx";
import { JobList } from "./job-list.tsx";
import { Legend } from "./legend.tsx";

/** Jobs of a page; as many as one call tells the strips of. */
const PAGE = 50;

/** All jobs, or those that a search finds. The search stands in the address. */
export function JobsPage() {
  const text = new URLSearchParams(useQueryText()).get("q") ?? "";
  const change = (next: string): void =>
    go(pathTo("jobs", undefined, next === "" ? {} : { q: next }), { replace: true });
  const { data: count } = useAsk("GET /jobs/count", {});
  const mayChange = useMayChange();
  return (
    <Page title="Jobs" way={[{ text: "Jobs" }]}>
      <div className="row">
        <h1>Jobs</h1>
        {count && <span className="m">{count.total.toLocaleString()}</span>}
        <span className="end" />
        {mayChange && (
          <Link className="btn primary" to={pathTo("new")}>
            <Icon name="plus" />
            Create New Job
          </Link>
        )}
      </div>
      <section className="sec" aria-label="List of jobs">
        <search className="filter">
          <label className="search">
            <Icon name="search" />
            <span className="vh">Search jobs</span>
            <input
              type="search"
              value={text}
              data-key="/"
              aria-describedby="syntax"
              spellCheck={false}
              onChange={(event) => change(event.target.value)}
            />
          </label>
          <States text={text} change={change} />
        </search>
        <p className="m syn" id="syntax">
          Words, or <code>verdict:missed</code> <code>since:24h</code> <code>reason:condition</code>{" "}
          <code>tag:billing</code> <code>owner:ana</code> <code>source:api</code>{" "}
          <code>last:failed</code>. The address keeps it.
        </p>
        <Found text={text} clear={() => change("")} />
        <Legend />
      </section>
      <BulkBar />
    </Page>
  );
}

/** Jobs by what they are now; each is a term of the search. */
function States({
  text,
  change,
}: {
  readonly text: string;
  readonly change: (text: string) => void;
}) {
  const { data: states } = useAsk("GET /jobs/count", { query: { by: "state" } });
  const { data: verdicts } = useAsk("GET /jobs/count", { query: { by: "lastVerdict" } });
  const search = readSearch(text);
  const [state, last] = [termOf(search, "state"), termOf(search, "last")];
  const of = (answer: typeof states, key: string) =>
    answer?.groups?.find((group) => group.key === key)?.count ?? 0;
  const plain = withTerm(withTerm(text, "state", undefined), "last", undefined);
  const choices = [
    {
      name: "All",
      count: states?.total,
      isOn: state === undefined && last === undefined,
      to: plain,
    },
    {
      name: "Failed",
      count: of(verdicts, "failed"),
      isOn: last === "failed",
      to: withTerm(plain, "last", "failed"),
    },
    {
      name: "Paused",
      count: of(states, "paused"),
      isOn: state === "paused",
      to: withTerm(plain, "state", "paused"),
    },
    {
      name: "Finished",
      count: of(states, "finished"),
      isOn: state === "finished",
      to: withTerm(plain, "state", "finished"),
    },
  ];
  return (
    <div className="seg" role="group" aria-label="State">
      {choices.map(({ name, count, isOn, to }) => (
        <button key={name} type="button" aria-pressed={isOn} onClick={() => change(to)}>
          {name}
          <span className="m">{count?.toLocaleString()}</span>
        </button>
      ))}
    </div>
  );
}

function Found({ text, clear }: { readonly text: string; readonly clear: () => void }) {
  const asked = queryOf(readSearch(useDeferredValue(text)));
  const pages = usePages("GET /jobs", { query: asked }, PAGE);
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = pages;
  if (error) return <ProblemNote error={error} retry={refetch} />;
  if (!data) return <Loading />;
  const jobs = [
    ...new Map(data.pages.flatMap(({ items }) => items).map((job) => [job.id, job])).values(),
  ];
  if (jobs.length === 0 && !hasNextPage)
    return (
      <p className="box pad">
        {text.trim() === "" ? (
          "No jobs yet."
        ) : (
          <>
            No job fits <code>{text}</code>.{" "}
          </>
        )}
        {text.trim() !== "" && (
          <button type="button" className="btn quiet" onClick={clear}>
            Show all
          </button>
        )}
      </p>
    );
  return (
    <JobList
      jobs={jobs}
      hasMore={hasNextPage}
      more={() => {
        if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
      }}
    />
  );
}
