import { usePages } from "../app/queries.ts";
import { go, pathTo, useQueryText } from "../app/where.ts";
import { Choices } from "../parts/choices.tsx";
import { Loading } from "../parts/loading.tsx";
import { MoreButton } from "../parts/more-button.tsx";
import { Page } from "../parts/page.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import { RunTable } from "./run-table.tsx";

const CHOICES: readonly (readonly [string, string])[] = [
  ["", "All"],
  ["kept", "On time"],
  ["late", "Late"],
  ["excused", "Excused"],
  ["broken", "Broken"],
  ["in-flight", "In flight"],
];
const PAGE = 100;

/** Runs of all jobs, and occurrences that did not run; the latest decision first. */
export function RunsPage() {
  const asked = Object.fromEntries(new URLSearchParams(useQueryText()));
  const pages = usePages("GET /runs", { query: asked }, PAGE);
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
      <Choices
        label="What became of the promise"
        choices={CHOICES}
        chosen={promise}
        choose={choose}
      />
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
      <MoreButton of={pages} text="Earlier ones" />
    </Page>
  );
}
