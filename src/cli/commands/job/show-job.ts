import type { JobAnswer } from "../../../api/contract/job-routes.ts";
import type { Call } from "../../call.ts";
import { harmless, harmlessJson } from "../../output/harmless.ts";
import { padTo } from "../../output/fit.ts";
import { relativeText, timeText, wholeTime } from "../../output/times.ts";
import { glyphOf, stripText, type StripCell } from "../../output/verdict-looks.ts";
import { withJob } from "./job-not-found.ts";

const MOST_IN_STRIP = 60;

/** `cronduit job show` */
export async function run(call: Call, jobId: string): Promise<void> {
  const client = await call.client();
  const job = await withJob(client, jobId, () => client.getJob({ path: { jobId } }));
  if (call.output !== "table") return call.printJson(job);
  const { items } = await client.listStrips({ query: { jobId } });
  call.print(...described(job, items[0]?.cells ?? [], call));
  call.tell(`Times in ${call.reader.zone}. Why it ran or not: cronduit why ${harmless(jobId)}`);
}

function described(job: JobAnswer, cells: readonly StripCell[], call: Call): string[] {
  const { reader, paint } = call;
  const at = (iso: string | null): string =>
    iso === null ? "–" : `${timeText(iso, reader)}  (${relativeText(iso, reader)})`;
  const last = job.lastRun;
  const rows: (readonly [string, string | undefined])[] = [
    ["job", paint("strong", harmless(job.id))],
    ["", job.description === null ? undefined : harmless(job.description)],
    ["schedule", harmless(job.schedule)],
    ["next", job.state === "paused" ? "–" : at(job.nextRun)],
    ["state", stateOf(job, call)],
    [
      "last run",
      last
        ? `${glyphOf(last.verdict as StripCell["verdict"], null, paint)} ${last.verdict} ${at(last.finishedAt)}`
        : "–",
    ],
    ["last", stripText(cells, MOST_IN_STRIP, paint)],
    ["counts", countsOf(job)],
    ["pipeline", `${harmless(job.pipeline)} ${harmlessJson(job.params)}`],
    ["queue", job.queue === "default" ? undefined : harmless(job.queue)],
    ["owner", job.owner === null ? undefined : harmless(job.owner)],
    ["tags", job.tags.length === 0 ? undefined : job.tags.map(harmless).join(", ")],
    ["source", harmless(job.source)],
    ["overrides", overridesOf(job, call)],
    ["skips", job.skips.map(({ fireTime }) => timeText(fireTime, reader)).join(", ") || undefined],
    ["rules", harmlessJson(job.policy)],
    ["added", wholeTime(job.createdAt, reader.zone)],
    ["revision", String(job.revision)],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [padTo(name, 10) + value]));
}

function stateOf(
  { state, status, pausedReason, pausedUntil }: JobAnswer,
  { reader }: Call,
): string {
  if (state !== "paused") return status;
  const until = pausedUntil === null ? "" : ` until ${timeText(pausedUntil, reader)}`;
  return `paused${until}${pausedReason === null ? "" : `: ${harmless(pausedReason)}`}`;
}

function countsOf({ counts }: JobAnswer): string | undefined {
  const said = Object.entries(counts).filter(([, count]) => count > 0);
  return said.map(([verdict, count]) => `${count} ${verdict}`).join(", ") || undefined;
}

function overridesOf({ overrides }: JobAnswer, { reader }: Call): string | undefined {
  const parts = Object.entries(overrides ?? {}).flatMap(([what, one]) =>
    one === undefined
      ? []
      : [
          `${what} by ${harmless(one.by.id)}${one.until === null ? "" : ` until ${timeText(one.until, reader)}`}`,
        ],
  );
  return parts.join(", ") || undefined;
}
