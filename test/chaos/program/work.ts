import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import {
  definePipeline,
  Pipeline,
  type PipelineClass,
  type RunContext,
} from "../../../src/index.ts";
import { ACTS } from "../history/job-spec.ts";
import { type Journal, realNow } from "./journal.ts";

/** The registered name of the workload's pipeline. */
export const PIPELINE = "work";

/** The params of the workload's jobs; see `Work` and `JobSpec`. */
export const workParams = z.object({
  rev: z.number(),
  ms: z.number(),
  act: z.enum(ACTS),
});

/** Long enough for a run to release its worker. */
const SLEEP_MS = 2_200;
/** Attempts in which a flaky run throws. */
const FLAKY_ATTEMPTS = 1;

type Params = typeof workParams;

/** The workload's pipeline: records its start and its end, nothing else. */
export function recordedWork(journal: Journal): PipelineClass<Params> {
  class Work extends Pipeline<Params> {
    static override readonly params = workParams;

    async run(context: RunContext<Params>): Promise<{ attempt: number; pid: number }> {
      const { runId: run, attempt, params, signal } = context;
      journal.write({
        what: "start",
        at: realNow(),
        job: context.jobId,
        run,
        attempt,
        fireAt: context.fireTime.getTime(),
        dueAt: context.scheduledAt.getTime(),
        admittedAt: context.startedAt.getTime(),
        rev: params.rev,
        act: params.act,
      });
      if (params.act === "sleepy") {
        await context.sleep(SLEEP_MS / 1_000).catch((error: unknown) => {
          const asleep = signal.aborted ? {} : { asleep: true as const };
          journal.write({ what: "end", at: realNow(), run, attempt, ok: false, ...asleep });
          throw error;
        });
      }
      const wasTold =
        params.act === "deaf"
          ? await delay(params.ms, false)
          : await Promise.race([delay(params.ms, false), aborted(signal)]);
      const isToFail =
        params.act === "fail" || (params.act === "flaky" && attempt <= FLAKY_ATTEMPTS);
      const ok = !wasTold && !isToFail;
      journal.write({ what: "end", at: realNow(), run, attempt, ok });
      if (!ok) throw wasTold ? signal.reason : new Error("as told");
      return { attempt, pid: process.pid };
    }
  }
  return definePipeline(Work, { name: PIPELINE });
}

function aborted(signal: AbortSignal): Promise<true> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(true);
    else signal.addEventListener("abort", () => resolve(true), { once: true });
  });
}
