import type { Client } from "../../../api/client/create-client.ts";
import type { RunAnswer } from "../../../api/contract/run-shapes.ts";
import { ApiError } from "../../../api/client/api-error.ts";
import { sleep } from "../../../core/clock.ts";
import { parseDuration } from "../../../core/durations.ts";
import { isCronduitError } from "../../../core/errors.ts";
import type { Call } from "../../call.ts";
import { CliError } from "../../cli-error.ts";
import { EXIT } from "../../exit-codes.ts";
import { harmless } from "../../output/harmless.ts";
import { lengthText } from "../../output/times.ts";
import { verdictText } from "../../output/verdict-looks.ts";
import { followStream } from "../../streams/follow-stream.ts";

/** How often a run that no worker has taken is looked for. */
const LOOK_MS = 250;

/** Waits for a run's verdict, and tells it; Ctrl-C and `--timeout` end the waiting, and not the run. */
export async function awaitRun(
  call: Call,
  client: Client,
  { runId, jobId }: { readonly runId: string; readonly jobId: string },
): Promise<number> {
  const run = await verdictOf(call, client, { runId, jobId });
  if (run === undefined) {
    call.tell(`${harmless(runId)} goes on.  cronduit run logs ${harmless(runId)} --follow`);
    return call.io.signal.aborted ? EXIT.interrupt : EXIT.timeout;
  }
  call.answer(run, () => [`${harmless(runId)}  ${verdictText(run, call.paint)}${tookOf(run)}`]);
  if (run.error) call.tell(harmless(run.error.message));
  return run.verdict === "succeeded" ? EXIT.ok : EXIT.failed;
}

function tookOf({ durationMs }: RunAnswer): string {
  return durationMs === null ? "" : `  ${lengthText(durationMs)}`;
}

async function verdictOf(
  { io, flags }: Call,
  client: Client,
  { runId, jobId }: { readonly runId: string; readonly jobId: string },
): Promise<RunAnswer | undefined> {
  const { timeout } = flags;
  const ended = new AbortController();
  const end = (): void => ended.abort();
  io.signal.addEventListener("abort", end, { once: true });
  const forget = timeout === undefined ? () => undefined : io.clock.after(lengthOf(timeout), end);
  const signal = ended.signal;
  const path = { runId };
  try {
    const messages = followStream(
      async ({ lastEventId, signal: until }) => {
        await untilKnown();
        return (await client.getRunLogs({
          path,
          query: { follow: "true", ...(lastEventId !== undefined && { lastEventId }) },
          signal: until,
        })) as Response;
      },
      { clock: io.clock, signal },
    );
    for await (const { type } of messages) if (type === "end") break;
    return signal.aborted ? undefined : await client.getRun({ path });
  } finally {
    forget();
    io.signal.removeEventListener("abort", end);
  }

  /** A run that no worker has taken yet is on no record; of a job that is gone it will never be. */
  async function untilKnown(): Promise<void> {
    for (; !signal.aborted; await sleep(io.clock, LOOK_MS, signal))
      try {
        await client.getRun({ path });
        return;
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== "RUN_NOT_FOUND") throw error;
        await client.getJob({ path: { jobId } });
      }
  }
}

function lengthOf(timeout: unknown): number {
  try {
    return parseDuration(String(timeout));
  } catch (error) {
    if (!isCronduitError(error)) throw error;
    throw new CliError("USAGE", `--timeout: ${error.message}`);
  }
}
