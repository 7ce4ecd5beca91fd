import type { Call } from "../../call.ts";
import { EXIT } from "../../exit-codes.ts";
import { harmless } from "../../output/harmless.ts";
import { awaitRun } from "./await-run.ts";
import { runOf } from "./run-of.ts";

/** Ctrl-C ends the waiting, and says so. */
export const endsBySignal = true;

/** `cronduit run retry` */
export async function run(call: Call, word: string): Promise<number> {
  const client = await call.client();
  const { ignoreCondition, wait } = call.flags as {
    readonly ignoreCondition?: true;
    readonly wait?: true;
  };
  const { id: runId, jobId } = await runOf(client, word);
  const body = ignoreCondition ? { ignoreCondition } : {};
  const started = await client.retryRun({ path: { runId }, body });
  if (wait) return awaitRun(call, client, { runId: started.runId, jobId });
  call.answer(started, () => [harmless(started.runId)]);
  return EXIT.ok;
}
