import type { Client } from "../../../api/client/create-client.ts";
import type { JobAnswer } from "../../../api/contract/job-routes.ts";
import type { Call } from "../../call.ts";
import { allPages } from "../../output/all-pages.ts";
import { harmless } from "../../output/harmless.ts";
import { tableOf } from "../../output/table.ts";
import { relativeText, timeText } from "../../output/times.ts";
import { glyphOf, stripText, type StripCell } from "../../output/verdict-looks.ts";
import { counted } from "../../../core/counted.ts";
import { filterOf } from "../selection-flags.ts";

const MOST_IN_STRIP = 20;
/** Jobs whose strips the API answers at once. */
const STRIPS_AT_ONCE = 100;

/** `cronduit job list` */
export async function run(call: Call): Promise<void> {
  const client = await call.client();
  const filter = filterOf(call.flags);
  const order = call.flags["order"] as "next-run" | "id" | undefined;
  const pages = allPages(
    (page) => client.listJobs({ query: { ...filter, ...page, ...(order && { order }) } }),
    call.flags,
  );
  if (call.output === "ndjson") {
    for await (const { items } of pages) for (const job of items) call.printJson(job);
    return;
  }
  const jobs: JobAnswer[] = [];
  let [nextCursor, lookedAt]: [string | null, number] = [null, 0];
  for await (const page of pages) {
    jobs.push(...page.items);
    ({ nextCursor } = page);
    lookedAt += page.lookedAt;
  }
  if (call.output === "json") return call.printJson({ items: jobs, nextCursor, lookedAt });
  const [strips, { total }] = await Promise.all([
    stripsOf(client, jobs),
    client.countJobs({ query: filter }),
  ]);
  show(call, jobs, strips);
  const rest = nextCursor === null ? "" : " · cronduit job list --all";
  call.tell(`${jobs.length} of ${counted(total, "job")} · times in ${call.reader.zone}${rest}`);
}

function show(
  call: Call,
  jobs: readonly JobAnswer[],
  strips: ReadonlyMap<string, readonly StripCell[]>,
): void {
  if (jobs.length === 0) return;
  const { reader, paint } = call;
  const lines = tableOf(
    jobs,
    [
      { title: "JOB", cell: ({ id }) => harmless(id), mayBeCut: true },
      {
        title: "SCHEDULE",
        cell: (job) => harmless(`${job.schedule}  ${job.timezone}`),
        mayBeCut: true,
      },
      { title: "LAST", cell: (job) => lastOf(job, call) },
      {
        title: "NEXT",
        cell: ({ nextRun, state }) =>
          nextRun === null || state === "paused" ? "–" : relativeText(nextRun, reader),
      },
      { title: "LAST 20", cell: ({ id }) => stripText(strips.get(id) ?? [], MOST_IN_STRIP, paint) },
    ],
    { columns: call.io.columns, bold: (text) => paint("strong", text) },
  );
  call.print(...lines);
}

function lastOf({ lastRun, state, pausedUntil }: JobAnswer, { reader, paint }: Call): string {
  if (state === "paused")
    return `${paint("quiet", "‖")} paused${pausedUntil === null ? "" : ` until ${timeText(pausedUntil, reader)}`}`;
  if (!lastRun) return "–";
  const verdict = lastRun.verdict as StripCell["verdict"];
  return `${glyphOf(verdict, null, paint)} ${timeText(lastRun.finishedAt, reader)}`;
}

async function stripsOf(
  client: Client,
  jobs: readonly JobAnswer[],
): Promise<ReadonlyMap<string, readonly StripCell[]>> {
  const strips = new Map<string, readonly StripCell[]>();
  for (let from = 0; from < jobs.length; from += STRIPS_AT_ONCE) {
    const jobId = jobs.slice(from, from + STRIPS_AT_ONCE).map(({ id }) => id);
    const { items } = await client.listStrips({ query: { jobId } });
    for (const { jobId: id, cells } of items) strips.set(id, cells);
  }
  return strips;
}
