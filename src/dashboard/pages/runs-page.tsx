import { useInfiniteQuery } from "@tanstack/react-query";
import { type Answer, ask, type AskError, type Asked } from "../app/ask.ts";
import { go, pathTo, useQueryText } from "../app/where.ts";
import { Loading } from "../parts/loading.tsx";
import { Page } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { RunTable } from "./run-table.tsx";

const CHOICES = [
  ["", "All"],
  ["kept", "On time"],
  ["late", "Late"],
  ["excused", "Excused"],
  ["broken", "Broken"],
  ["in-flight", "In flight"],
] as const;
const PAGE = 100;

/** Runs of all jobs, and occurrences that did not run; the latest decision first. */
export function RunsPage() {
  const asked = Object.fromEntries(new URLSearchParams(useQueryText()));
  const pages = useInfiniteQuery<Answer<"GET /runs">, AskError>({
    queryKey: ["GET /runs", { query: asked, isList: true }],
    queryFn: ({ pageParam, signal }) =>
      ask("GET /runs", {
        query: { ...asked, limit: PAGE, ...(pageParam === undefined ? {} : { cursor: pageParam }) },
        signal,
      } as Asked<"GET /runs">),
    initialPageParam: undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    placeholderData: (previous) => previous,
  });
  const { promise = "", ...others } = asked;
  const choose = (one: string): void =>
    go(pathTo("runs", undefined, { ...others, ...(one === "" ? {} : { promise: one }) }), {
      replace: true,
    });
  return (
    <Page title="Runs" way={[{ text: "Runs" }]}>
      <div className="row">
        <h1>Runs</h1>
        <span className="m">
          of all jobs, also those that did not happen; the latest decision first
        </span>
      </div>
      <div className="seg" role="group" aria-label="What became of the promise">
        {CHOICES.map(([value, name]) => (
          <button
            key={value}
            type="button"
            aria-pressed={promise === value}
            onClick={() => choose(value)}
          >
            {name}
          </button>
        ))}
      </div>
      {pages.error && <ProblemNote error={pages.error} retry={pages.refetch} />}
      {!pages.data && !pages.error && <Loading />}
      {pages.data && (
        <RunTable
          runs={pages.data.pages.flatMap(({ items }) => items)}
          label="Runs"
          none="None of these."
          withJob
        />
      )}
      {pages.hasNextPage && (
        <button
          type="button"
          className="btn"
          disabled={pages.isFetchingNextPage}
          onClick={() => void pages.fetchNextPage()}
        >
          Earlier ones
        </button>
      )}
    </Page>
  );
}
