import type { Contract } from "../../../api/contract.ts";
import type { AnswerOf } from "../../../api/contract/route.ts";
import type { Client } from "../../../api/client/create-client.ts";
import type { JobAnswer } from "../../../api/contract/job-routes.ts";
import type { Call } from "../../call.ts";
import { harmless } from "../../output/harmless.ts";
import { widthOf } from "../../output/fit.ts";
import { tableOf } from "../../output/table.ts";
import { lengthText, relativeText, timeText } from "../../output/times.ts";
import { glyphOf, stripText } from "../../output/verdict-looks.ts";

type Cell = AnswerOf<Contract["listStrips"]>["items"][number]["cells"][number];
type Overdue = AnswerOf<Contract["getOverview"]>["attention"][number];

/** What a list shows of jobs beside what they are. */
export interface MoreOfJobs {
  /** The last decisions, the latest first. */
  readonly strips: ReadonlyMap<string, readonly Cell[]>;
  readonly overdue: ReadonlyMap<string, Overdue>;
  /** Who paused it. */
  readonly pausedBy: ReadonlyMap<string, string>;
}

const MOST_IN_STRIP = 20;
/** Columns of a reason in a row. */
const MOST_IN_ROW = 30;
/** Jobs whose strips the API answers at once. */
const STRIPS_AT_ONCE = 100;
/** Paused jobs of which it is asked who did that. */
const MOST_ASKED = 20;

/** Asks for the rest of what a list shows. */
export async function moreOf(client: Client, jobs: readonly JobAnswer[]): Promise<MoreOfJobs> {
  const [strips, { attention }, pausedBy] = await Promise.all([
    stripsOf(client, jobs),
    client.getOverview(),
    pausersOf(client, jobs),
  ]);
  const overdue = attention.filter(({ kind }) => kind === "overdue");
  return { strips, pausedBy, overdue: new Map(overdue.map((one) => [one.jobId ?? "", one])) };
}

/** Whether a job waits for somebody: nobody takes it, it failed last, or it is paused. */
export function needsSomebody({ id, state, status }: JobAnswer, { overdue }: MoreOfJobs): boolean {
  return overdue.has(id) || state === "paused" || status === "failed";
}

/** The table of a list. */
export function linesOf(call: Call, jobs: readonly JobAnswer[], more: MoreOfJobs): string[] {
  const { paint, io } = call;
  return tableOf(
    jobs,
    [
      { title: "JOB", cell: ({ id }) => harmless(id), mayBeCut: true },
      { title: "SCHEDULE", cell: ({ schedule }) => harmless(schedule), mayBeCut: true },
      { title: "LAST", cell: (job) => lastOf(job, more, call) },
      { title: "NEXT", cell: (job) => nextOf(job, more, call) },
      {
        title: "LAST 20",
        cell: ({ id }) =>
          stripText(more.strips.get(id) ?? [], MOST_IN_STRIP, paint) +
          (more.overdue.has(id) ? paint("bad", "!") : ""),
      },
    ],
    {
      columns: io.columns,
      bold: (text) => paint("strong", text),
      below: (job) =>
        belowOf(job, more)
          .filter((line) => line !== "")
          .map((line) => paint("quiet", `  ${harmless(line)}`)),
    },
  );
}

function nextOf({ id, nextRun, state }: JobAnswer, { overdue }: MoreOfJobs, call: Call): string {
  const since = overdue.get(id)?.since ?? null;
  if (since !== null)
    return call.paint("bad", `overdue ${lengthText(call.reader.now - Date.parse(since))}`);
  return nextRun === null || state === "paused" ? "–" : relativeText(nextRun, call.reader);
}

function lastOf(
  { id, lastRun, state, pausedUntil }: JobAnswer,
  { strips }: MoreOfJobs,
  { reader, paint }: Call,
): string {
  if (state === "paused")
    return `${paint("quiet", "‖")} paused${pausedUntil === null ? "" : ` until ${timeText(pausedUntil, reader)}`}`;
  if (!lastRun) return "–";
  const cells = strips.get(id) ?? [];
  const cell = cells.find(({ runId }) => runId === lastRun.id);
  const verdict = lastRun.verdict as Cell["verdict"];
  const begin = `${glyphOf(verdict, null, paint)} ${timeText(lastRun.finishedAt, reader)}`;
  if (verdict !== "failed" || cell === undefined || cell.error === null)
    return cell?.durationMs == null ? begin : `${begin}  ${lengthText(cell.durationMs)}`;
  const times = failuresInRow(cells);
  const said = isShort(cell.error) ? `  ${harmless(cell.error)}` : "  failed";
  return `${begin}${said}${times > 1 ? ` (${times}×)` : ""}`;
}

/** Whether a reason has room in a row. It is never cut: a longer one stands below. */
function isShort(reason: string): boolean {
  return widthOf(harmless(reason)) <= MOST_IN_ROW;
}

function belowOf(
  { id, state, pausedReason, lastRun }: JobAnswer,
  { pausedBy, strips }: MoreOfJobs,
): string[] {
  if (state === "paused") {
    const by = pausedBy.get(id);
    const said = [by === undefined ? "" : `by ${by}`, pausedReason ?? ""];
    return [said.filter((part) => part !== "").join(": ")];
  }
  const cell = strips.get(id)?.find(({ runId }) => runId === lastRun?.id);
  return cell?.error == null || isShort(cell.error) ? [] : [cell.error];
}

/** How often it failed since it last did not; what did not run is no end of that. */
function failuresInRow(cells: readonly Cell[]): number {
  const ran = cells.filter(({ verdict }) => verdict === "failed" || verdict === "succeeded");
  const end = ran.findIndex(({ verdict }) => verdict === "succeeded");
  return end < 0 ? ran.length : end;
}

async function stripsOf(
  client: Client,
  jobs: readonly JobAnswer[],
): Promise<ReadonlyMap<string, readonly Cell[]>> {
  const strips = new Map<string, readonly Cell[]>();
  for (let from = 0; from < jobs.length; from += STRIPS_AT_ONCE) {
    const jobId = jobs.slice(from, from + STRIPS_AT_ONCE).map(({ id }) => id);
    const { items } = await client.listStrips({ query: { jobId } });
    for (const { jobId: id, cells } of items) strips.set(id, cells);
  }
  return strips;
}

async function pausersOf(
  client: Client,
  jobs: readonly JobAnswer[],
): Promise<ReadonlyMap<string, string>> {
  const paused = jobs.filter(({ state }) => state === "paused").slice(0, MOST_ASKED);
  const pausers = await Promise.all(
    paused.map(async ({ id, overrides }) => {
      if (overrides?.paused) return [id, overrides.paused.by.id] as const;
      const { items } = await client.listJobChanges({
        path: { jobId: id },
        query: { what: ["paused"], limit: 1 },
      });
      return items[0] && ([id, items[0].by.id] as const);
    }),
  );
  return new Map(pausers.filter((one) => one !== undefined));
}
