import { useState } from "react";
import type { Answer } from "../app/ask.ts";
import { usePages } from "../app/queries.ts";
import { Choices } from "../parts/choices.tsx";
import { Loading } from "../parts/loading.tsx";
import { MoreButton } from "../parts/more-button.tsx";
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
  const pages = usePages("GET /jobs/{jobId}/runs", asked, PAGE);
  const runs = pages.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <>
      <Choices
        label="Which"
        choices={CHOICES.map(({ name }) => [name, name])}
        chosen={chosen}
        choose={setChosen}
      />
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
      <MoreButton of={pages} text="Earlier ones" />
    </>
  );
}
