import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Answer, ask, type AskError, type Asked } from "../app/ask.ts";
import { Loading } from "../parts/loading.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import type { Job } from "../app/answers.ts";
import { RunTable } from "./run-table.tsx";

type Verdict = Answer<"GET /jobs/{jobId}/runs">["items"][number]["verdict"];

const CHOICES: readonly { readonly name: string; readonly verdicts?: readonly Verdict[] }[] = [
  { name: "All" },
  { name: "Failed", verdicts: ["failed"] },
  { name: "Did not run", verdicts: ["missed", "skipped", "coalesced"] },
  { name: "Succeeded", verdicts: ["succeeded"] },
  { name: "Cancelled", verdicts: ["cancelled"] },
];
const PAGE = 50;

/** Every occurrence, also those that did not run, with the reason in the row. */
export function OccurrencesTab({ job }: { readonly job: Job }) {
  const [chosen, setChosen] = useState("All");
  const verdicts = CHOICES.find(({ name }) => name === chosen)?.verdicts;
  const asked = { path: { jobId: job.id }, query: verdicts ? { verdict: [...verdicts] } : {} };
  const pages = useInfiniteQuery<Answer<"GET /jobs/{jobId}/runs">, AskError>({
    queryKey: ["GET /jobs/{jobId}/runs", asked],
    queryFn: ({ pageParam, signal }) =>
      ask("GET /jobs/{jobId}/runs", {
        ...asked,
        query: {
          ...asked.query,
          limit: PAGE,
          ...(pageParam === undefined ? {} : { cursor: pageParam }),
        },
        signal,
      } as Asked<"GET /jobs/{jobId}/runs">),
    initialPageParam: undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    placeholderData: (previous) => previous,
  });
  const runs = pages.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <>
      <div className="seg" role="group" aria-label="Which">
        {CHOICES.map(({ name }) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === chosen}
            onClick={() => setChosen(name)}
          >
            {name}
          </button>
        ))}
      </div>
      {pages.error && <ProblemNote error={pages.error} retry={pages.refetch} />}
      {!pages.data && !pages.error && <Loading />}
      {pages.data && (
        <RunTable
          runs={runs}
          label="Occurrences"
          zone={job.timezone}
          none={chosen === "All" ? "It has not been due yet." : "None of these."}
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
    </>
  );
}
