import type { Contract } from "../../../api/contract.ts";
import type { QueryInputOf } from "../../../api/contract/route.ts";
import type { RunAnswer } from "../../../api/contract/run-shapes.ts";
import { counted } from "../../../core/counted.ts";
import type { Call } from "../../call.ts";
import { allPages } from "../../output/all-pages.ts";
import { harmless } from "../../output/harmless.ts";
import { tableOf } from "../../output/table.ts";
import { lengthText, timeText } from "../../output/times.ts";
import { verdictText } from "../../output/verdict-looks.ts";
import { sinceOf, wordsOf } from "../since.ts";

type Query = NonNullable<QueryInputOf<Contract["listRuns"]>>;

const SAME = ["reason", "owner", "tag", "pipeline", "trigger", "worker", "text"] as const;

/** `cronduit run list` */
export async function run(call: Call): Promise<void> {
  const client = await call.client();
  const { flags } = call;
  const query = Object.fromEntries(
    Object.entries({
      ...Object.fromEntries(SAME.map((name) => [name, flags[name]])),
      jobId: flags["job"],
      verdict: wordsOf(flags["verdict"]),
      from: sinceOf(flags["since"], call),
      to: sinceOf(flags["until"], call),
    }).filter(([, value]) => value !== undefined),
  ) as Query;
  const pages = allPages((page) => client.listRuns({ query: { ...query, ...page } }), flags);
  if (call.output === "ndjson") {
    for await (const { items } of pages) for (const each of items) call.printJson(each);
    return;
  }
  const runs: RunAnswer[] = [];
  let rest: Pick<
    Awaited<ReturnType<typeof client.listRuns>>,
    "nextCursor" | "searchedTo" | "since"
  > = {
    nextCursor: null,
    searchedTo: null,
    since: null,
  };
  for await (const { items, ...others } of pages) {
    runs.push(...items);
    rest = others;
  }
  if (call.output === "json") return call.printJson({ items: runs, ...rest });
  if (runs.length > 0) call.print(...linesOf(runs, call));
  const more = rest.nextCursor === null ? "" : " · more with --all";
  call.tell(`${counted(runs.length, "run")} · times in ${call.reader.zone}${more}`);
}

function linesOf(runs: readonly RunAnswer[], { reader, paint, io }: Call): string[] {
  return tableOf(
    runs,
    [
      { title: "JOB", cell: ({ jobId }) => harmless(jobId), mayBeCut: true },
      { title: "DUE", cell: ({ fireTime }) => timeText(fireTime, reader, true) },
      { title: "WHAT", cell: (row) => verdictText(row, paint) },
      {
        title: "TOOK",
        cell: ({ durationMs, count }) =>
          durationMs === null ? (count > 1 ? `${count} occurrences` : "–") : lengthText(durationMs),
      },
      { title: "RUN", cell: ({ id }) => harmless(id), mayBeCut: true },
    ],
    {
      columns: io.columns,
      bold: (text) => paint("strong", text),
      below: ({ error, note }) => {
        const said = error?.message ?? note;
        return said === null || said === undefined ? [] : [paint("quiet", `  ${harmless(said)}`)];
      },
    },
  );
}
