import type { Contract } from "../../../api/contract.ts";
import type { AnswerOf, BodyInputOf } from "../../../api/contract/route.ts";
import type { JobAnswer } from "../../../api/contract/job-routes.ts";
import type { Client } from "../../../api/client/create-client.ts";
import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";
import { confirm } from "../../confirm.ts";
import { harmless, harmlessJson } from "../../output/harmless.ts";
import { timeText } from "../../output/times.ts";
import { givenFields } from "./given-fields.ts";
import { withJob } from "./job-not-found.ts";

type Difference = AnswerOf<Contract["diffSchedules"]>;
type After = BodyInputOf<Contract["diffSchedules"]>["after"];

const NEXT_COMPARED = 5;

/** `cronduit job edit`: changes what is given, after it has shown how the next runs change. */
export async function run(call: Call, jobId: string): Promise<void> {
  const { all, timing } = givenFields(call.flags);
  if (Object.keys(all).length === 0)
    throw new CliError("USAGE", "What changes?", "Say it, such as --schedule or --set retry=3.");
  const client = await call.client();
  const job = await withJob(client, jobId, () => client.getJob({ path: { jobId } }));
  // A time of day means the job's zone unless another is given.
  const after = { timezone: job.timezone, ...timing } as After;
  if (Object.keys(timing).length > 0)
    call.tell(...(await timesChanged(client, call, { job, after })));
  for (const [name, value] of Object.entries(all))
    if (!(name in timing)) call.tell(`  ~ ${name} ${harmlessJson(value)}`);
  if (!(await confirm(call, "Change it?"))) return;
  const body = Object.keys(timing).length > 0 ? { ...all, ...after } : all;
  const changed = await client.updateJob({
    path: { jobId },
    body,
    // What was shown is what is changed.
    headers: { "if-match": `"${job.revision}"` },
  });
  call.answer(changed, () => []);
  if (call.output === "table") call.tell("Changed.");
}

async function timesChanged(
  client: Client,
  call: Call,
  { job, after }: { readonly job: JobAnswer; readonly after: After },
): Promise<string[]> {
  const body = { jobId: job.id, after, count: NEXT_COMPARED };
  const difference = await client.diffSchedules({ body });
  const { before, after: then } = difference;
  return [
    `~ ${harmless(job.id)}  ${harmless(before.schedule)} → ${harmless(then.schedule)}`,
    ...linesOf(difference, call),
    ...(difference.removed.length + difference.added.length === 0
      ? [`  the next ${NEXT_COMPARED} runs stay as they are`]
      : []),
  ];
}

function linesOf({ removed, added }: Difference, { reader }: Call): string[] {
  const all = [
    ...removed.map((at) => ["-", at] as const),
    ...added.map((at) => ["+", at] as const),
  ].toSorted(([, one], [, other]) => (one < other ? -1 : 1));
  return all.map(([sign, at]) => `    ${sign} ${timeText(at, reader, true)}`);
}
