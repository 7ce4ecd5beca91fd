import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";
import { confirm } from "../../confirm.ts";
import { harmless } from "../../output/harmless.ts";
import { relativeText, timeText } from "../../output/times.ts";
import { quoted } from "./change-many.ts";
import { withJob } from "./job-not-found.ts";

/** `cronduit job skip`: one occurrence to come, the next unless a time is given. */
export async function run(call: Call, jobId: string, given: string | undefined): Promise<void> {
  const client = await call.client();
  const { note, undo } = call.flags as { readonly note?: string; readonly undo?: true };
  const job = await withJob(client, jobId, () => client.getJob({ path: { jobId } }));
  const { fireTime, isSkipped } = await meant();
  const path = { jobId, time: fireTime };
  const { reader } = call;
  const when = `${timeText(fireTime, reader, true)} (${relativeText(fireTime, reader)})`;
  if (undo) {
    await client.unskipOccurrence({ path });
    call.tell(`${harmless(jobId)} runs at ${when} after all.`);
    return;
  }
  if (isSkipped) {
    call.tell(`${harmless(jobId)} is skipped at ${when} already.`);
    return;
  }
  call.tell(`${harmless(jobId)} would not run at ${when}.`);
  if (!(await confirm(call))) return;
  const body = note === undefined ? {} : { body: { reason: note, note } };
  await client.skipOccurrence({ path, ...body });
  call.tell(`Skipped.  Undo: cronduit job skip ${quoted(harmless(jobId))} ${fireTime} --undo`);

  async function meant(): Promise<{ readonly fireTime: string; readonly isSkipped: boolean }> {
    if (given === undefined) {
      const next = undo ? (job.skips[0]?.fireTime ?? null) : job.nextRun;
      if (next === null)
        throw new CliError("USAGE", `${jobId} has no occurrence to come.`, "Name its time.");
      return { fireTime: next, isSkipped: false };
    }
    // The API says what the text means in the job's zone.
    const { at } = await client.explainOccurrence({ path: { jobId }, query: { at: given } });
    return { fireTime: at, isSkipped: job.skips.some((skip) => skip.fireTime === at) };
  }
}
