import type { JobAnswer } from "../../../api/contract/job-routes.ts";
import { counted } from "../../../core/counted.ts";
import type { Call } from "../../call.ts";
import { allPages } from "../../output/all-pages.ts";
import { filterOf } from "../selection-flags.ts";
import { linesOf, moreOf, needsSomebody } from "./job-rows.ts";

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
  const { total } = await client.countJobs({ query: filter });
  const seen = await moreOf(client, jobs);
  if (jobs.length > 0) call.print(...linesOf(call, jobs, seen));
  const needing = jobs.filter((job) => needsSomebody(job, seen)).length;
  const parts = [
    `${jobs.length} of ${counted(total, "job")}`,
    needing > 0 ? `needs you: ${needing}` : "",
    `times in ${call.reader.zone}`,
    nextCursor === null ? "" : "cronduit job list --all",
  ];
  call.tell(parts.filter((part) => part !== "").join(" · "));
}
