import type { Call } from "../../call.ts";
import { EXIT } from "../../exit-codes.ts";
import { harmless } from "../../output/harmless.ts";
import { jsonIn } from "../json-value.ts";
import { awaitRun } from "../run/await-run.ts";
import { changeMany } from "./change-many.ts";
import { withJob } from "./job-not-found.ts";

/** Ctrl-C ends the waiting, and says so. */
export const endsBySignal = true;

/** `cronduit job run` */
export async function run(call: Call, ids: readonly string[]): Promise<number> {
  const { ignoreCondition, note, params, wait } = call.flags as {
    readonly ignoreCondition?: true;
    readonly note?: string;
    readonly params?: string;
    readonly wait?: true;
  };
  const how = {
    ...(ignoreCondition && { ignoreCondition }),
    ...(note !== undefined && { note }),
  };
  const [jobId, ...others] = ids;
  if (jobId === undefined || others.length > 0)
    return changeMany(call, ids, { action: "run", ...how }, { done: "started" });
  const client = await call.client();
  const body = { ...how, ...(params !== undefined && { params: jsonIn(params, "--params") }) };
  const started = await withJob(client, jobId, () => client.runJob({ path: { jobId }, body }));
  if (wait) return awaitRun(call, client, started);
  call.answer(started, () => [harmless(started.runId)]);
  call.tell(`Follow it: cronduit run logs ${harmless(started.runId)} --follow`);
  return EXIT.ok;
}
