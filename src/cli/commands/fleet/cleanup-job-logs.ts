import { counted } from "../../../core/counted.ts";
import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";
import { harmless } from "../../output/harmless.ts";
import { withJob } from "../job/job-not-found.ts";

/** `cronduit cleanup-logs` */
export async function run(call: Call, jobId: string): Promise<void> {
  const { before, all } = call.flags as { readonly before?: string; readonly all?: true };
  if ((before === undefined) === (all === undefined))
    throw new CliError(
      "USAGE",
      all ? "--before and --all exclude each other." : "Which logs?",
      'Say --before "2026-12-01 00:00:00", or --all.',
    );
  const client = await call.client();
  const query = before === undefined ? { all: "true" as const } : { before };
  const answer = await withJob(client, jobId, () =>
    client.deleteJobLogs({ path: { jobId }, query }),
  );
  if (call.output !== "table") call.printJson(answer);
  call.tell(`${counted(answer.count, "log")} of ${harmless(jobId)} deleted.`);
}
