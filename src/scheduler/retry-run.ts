import { z } from "zod";
import { CronduitError } from "../core/errors.ts";
import { isVerdict, jobOf, type Run } from "../history/run.ts";
import type { RunHistory } from "../history/run-history.ts";
import { parseOptions } from "../jobs/options.ts";
import { queueJobIdOf } from "../jobs/occurrence-id.ts";
import type { Backfills } from "./backfill.ts";
import type { RunCommands } from "./run-commands.ts";

const optionsSchema = z.strictObject({ ignoreCondition: z.boolean().default(false) });

/** Options of `retryRun`. */
export interface RetryRunOptions {
  /** Run even if the job's condition is false; not of an occurrence that did not run. @default false */
  ignoreCondition?: boolean | undefined;
}

/** The run that `retryRun` asked for. */
export interface RetriedRun {
  readonly runId: string;
  /** `manual`: the job runs now. `backfill`: the occurrence that did not run is made up for, with its own fire time. */
  readonly trigger: "manual" | "backfill";
}

/** What retrying a run needs. */
export interface RetryParts {
  readonly history: Pick<RunHistory, "get">;
  readonly runs: Pick<RunCommands, "run">;
  readonly backfills: Pick<Backfills, "start">;
}

/** Runs again what a run was for. @throws {@link CronduitError} `RUN_NOT_FOUND`, `JOB_NOT_FOUND`, `INVALID_STATE` */
export async function retryRun(
  { history, runs, backfills }: RetryParts,
  runId: string,
  input: unknown,
): Promise<RetriedRun> {
  const { ignoreCondition } = parseOptions(optionsSchema, input, "retryRun");
  const jobId = jobOf(runId);
  const run = await history.get(runId);
  if (!isVerdict(run.verdict))
    throw refused(run, `has no verdict yet: it is ${run.verdict}. Cancel it, or wait for its end.`);
  if (run.verdict === "coalesced")
    throw refused(run, `was merged into run "${run.coalescedInto}". Retry that one.`);
  const hasRun = run.verdict !== "missed" && run.verdict !== "skipped";
  if (hasRun || run.trigger === "manual") {
    const asked = (await runs.run(jobId, { ignoreCondition })) as string;
    return { runId: asked, trigger: "manual" };
  }
  const { fireTime } = run;
  const { runs: added } = await backfills.start(jobId, { from: fireTime, to: fireTime });
  if (added === 0)
    throw refused(
      run,
      "did not run, and there is nothing to make up for: a run of this fire time exists already, or the job's present schedule has no such time. Use runJob to run the job now.",
    );
  const id = { jobId, kind: "backfill", sequence: 0, fireAt: fireTime.getTime() } as const;
  return { runId: queueJobIdOf(id), trigger: "backfill" };
}

function refused({ id, verdict }: Run, why: string): CronduitError {
  return new CronduitError("INVALID_STATE", `retryRun: run "${id}" ${why}`, {
    data: { runId: id, verdict },
  });
}
