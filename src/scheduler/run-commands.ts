import { randomInt } from "node:crypto";
import { z } from "zod";
import { type Clock, keepAlive, sleep } from "../core/clock.ts";
import { CronduitError, JobLookupError } from "../core/errors.ts";
import type { Engine } from "../engine/port/engine.ts";
import { isVerdict, jobOf, type Run } from "../history/run.ts";
import type { RunHistory } from "../history/run-history.ts";
import { durationOption } from "../jobs/duration-option.ts";
import { MAX_REASON, plainTextSchema } from "../jobs/plain-text.ts";
import { MANUAL_NUMBERS } from "../jobs/occurrence-id.ts";
import { parseOptions } from "../jobs/options.ts";
import type { PipelineDescriptor } from "../pipeline/pipeline-definition.ts";
import { givenParams } from "./given-params.ts";
import type { ParamsInput, ParamsSchema } from "../pipeline/params-schema.ts";
import type { JobStore } from "./job-store.ts";
import type { Rights } from "./rights.ts";

const FIRST_LOOK_MS = 20;
const LAST_LOOK_MS = 500;

/** Schema of {@link RunJobOptions}. */
export const runJobSchema = z.strictObject({
  params: z.unknown().optional(),
  ignoreCondition: z.boolean().default(false),
  wait: z.union([z.boolean(), durationOption("runJob.wait")]).default(false),
});

const cancelSchema = z.strictObject({
  reason: plainTextSchema(1, MAX_REASON).default("cancelled by cancelRun"),
});

/** Options of `runJob`. */
export interface RunJobOptions<P extends ParamsSchema = ParamsSchema> {
  /** Replace the job's own params for this run. */
  params?: ParamsInput<P>;
  /** Run even if the job's condition is false. @default false */
  ignoreCondition?: boolean | undefined;
  /** Resolve with the run once it has ended: `true`, or the longest wait: seconds, or `"5m"`. @default false */
  wait?: boolean | number | string | undefined;
}

/** Options of `cancelRun`. */
export interface CancelRunOptions {
  /** Becomes the message of the run's error; up to 500 characters. @default "cancelled by cancelRun" */
  reason?: string | undefined;
}

/** What requesting and cancelling runs needs. */
export interface RunCommandsParts {
  readonly engine: Pick<Engine, "requests">;
  readonly store: JobStore;
  readonly history: RunHistory;
  readonly clock: Clock;
  readonly describe: (pipeline: string) => PipelineDescriptor;
  /** Who asks, and what they may do. */
  readonly rights: Pick<Rights, "by" | "requireCommands">;
}

/** The facade's commands on runs: request, wait, cancel. */
export class RunCommands {
  readonly #parts: RunCommandsParts;

  constructor(parts: RunCommandsParts) {
    this.#parts = parts;
  }

  /** @returns The run's id, or the ended run if the caller waits. */
  async run(jobId: string, input: unknown): Promise<string | Run> {
    const { engine, store, describe, rights } = this.#parts;
    const { by } = rights;
    const { params: given, ignoreCondition, wait } = parseOptions(runJobSchema, input, "runJob");
    let params: unknown;
    if (given !== undefined) {
      const job = await store.get(jobId);
      const pipeline = describe(job.definition.pipeline);
      rights.requireCommands(pipeline, "runJob");
      params = (await givenParams(pipeline, given)).input;
    }
    const sequence = randomInt(MANUAL_NUMBERS);
    const requested = await engine.requests.run({ jobId, sequence, params, ignoreCondition, by });
    if (requested === "missing") throw new JobLookupError(jobId);
    return wait === false ? requested.runId : this.#ended(requested.runId, wait);
  }

  /** @throws {@link CronduitError} `RUN_NOT_FOUND`, `INVALID_STATE` */
  async cancel(runId: string, input: unknown): Promise<"cancelled" | "asked"> {
    const { engine, history, rights } = this.#parts;
    const { by } = rights;
    const { reason } = parseOptions(cancelSchema, input, "cancelRun");
    const outcome = await engine.requests.cancel({ jobId: jobOf(runId), runId, reason, by });
    if (outcome !== "unknown") return outcome;
    const run = await history.get(runId);
    throw new CronduitError("INVALID_STATE", `Run "${runId}" has ended: ${run.verdict}.`, {
      data: { runId, verdict: run.verdict },
    });
  }

  async #ended(runId: string, wait: true | number): Promise<Run> {
    const { clock, history } = this.#parts;
    const until = wait === true ? Number.POSITIVE_INFINITY : clock.elapsed() + wait;
    for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(pauseMs * 1.5, LAST_LOOK_MS)) {
      const run = await history.get(runId);
      if (isVerdict(run.verdict)) return run;
      const left = until - clock.elapsed();
      if (left <= 0) {
        throw new CronduitError(
          "WAIT_TIMED_OUT",
          `Run "${runId}" has no verdict yet: it is ${run.verdict}. It continues; see getRun.`,
          { data: { runId, state: run.verdict } },
        );
      }
      await keepAlive(sleep(clock, Math.min(pauseMs, left), undefined, "look"));
    }
  }
}
