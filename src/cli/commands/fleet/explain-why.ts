import type { ExplanationAnswer } from "../../../api/contract/occurrence-routes.ts";
import type { Call } from "../../call.ts";
import { padTo, widthOf } from "../../output/fit.ts";
import { harmless } from "../../output/harmless.ts";
import { relativeText, timeText } from "../../output/times.ts";
import { jobNotFound, withJob } from "../job/job-not-found.ts";

/** `cronduit why` */
export async function run(call: Call, jobId: string): Promise<void> {
  const client = await call.client();
  const { at } = call.flags as { readonly at?: string };
  const query = at === undefined ? {} : { at };
  const told = await withJob(client, jobId, () =>
    client.explainOccurrence({ path: { jobId }, query }),
  );
  // Of a job that was removed there may be a record; without one, the id is wrong.
  if (told.reason === "unknown" && told.next === null)
    await client.getJob({ path: { jobId } }).catch(async () => {
      throw await jobNotFound(client, jobId);
    });
  call.answer(told, () => linesOf(told, call));
  if (call.output === "table") call.tell(`Times in ${call.reader.zone}.`);
}

function linesOf(told: ExplanationAnswer, { reader, paint }: Call): string[] {
  const { jobId, at, reason, text, evidence, next } = told;
  const when = `${timeText(at, reader, true)} (${relativeText(at, reader)})`;
  const wide = Math.max(0, ...evidence.map(({ what }) => widthOf(harmless(what))));
  return [
    `${paint("strong", harmless(jobId))} ${outcomeOf(told)} at ${when}: ${paint("strong", reason)}.`,
    `  ${harmless(inZone(text, reader))}`,
    ...evidence.map(({ what, holds, text: why }) => {
      const value = holds === null ? "" : paint(holds ? "good" : "bad", String(holds).padEnd(7));
      return `  ${padTo(harmless(what), wide)}  ${value}${harmless(inZone(why, reader))}`;
    }),
    next === null
      ? "Next: none."
      : `Next: ${timeText(next.fireTime, reader, true)} (${relativeText(next.fireTime, reader)}).`,
  ];
}

function outcomeOf({ state }: ExplanationAnswer): string {
  switch (state) {
    case "succeeded":
      return "ran";
    case "failed":
      return "ran, and failed,";
    case "cancelled":
      return "was cancelled";
    case "missed":
    case "skipped":
    case "coalesced":
      return "did not run";
    case "queued":
    case "retrying":
    case "sleeping":
      return "waits";
    case "running":
      return "runs, due";
    case "due":
      return "is overdue, due";
    case "future":
      return "has not come yet: it is due";
    case "none":
      return "was not due";
    case "unknown":
      return "has no record";
  }
}

const INSTANT = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** A sentence of the API, whose times are in UTC, for this reader. */
function inZone(text: string, reader: Call["reader"]): string {
  return text.replaceAll(INSTANT, (iso) => timeText(iso, reader, true));
}
