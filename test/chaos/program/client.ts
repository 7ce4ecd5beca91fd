import { type AddJobOptions, isCronduitError, type PipelineScheduler } from "../../../src/index.ts";
import type { Edit, Rules, Schedule } from "../history/job-spec.ts";
import { PIPELINE } from "./work.ts";

/** The outcome of a call, as far as the caller knows. */
export interface Answer {
  readonly result: "ok" | "refused" | "unknown";
  readonly error?: string;
}

/** A client that changes jobs. */
export interface Client {
  apply(edit: Edit): Promise<Answer>;
}

/** Codes after which the server may still have done it. */
const INDEFINITE: ReadonlySet<string> = new Set(["CONNECTION_FAILED", "INTERNAL"]);
/** More than the longest run of the harness can fill. */
const KEEP_ROWS = 200_000;

/** A client of our own scheduler. */
export class CronduitClient implements Client {
  readonly #scheduler: PipelineScheduler;

  constructor(scheduler: PipelineScheduler) {
    this.#scheduler = scheduler;
  }

  async apply(edit: Edit): Promise<Answer> {
    try {
      await this.#do(edit);
      return { result: "ok" };
    } catch (error) {
      const code = isCronduitError(error) ? error.code : "INTERNAL";
      const text = error instanceof Error ? error.message : String(error);
      return {
        result: INDEFINITE.has(code) ? "unknown" : "refused",
        error: `${code}: ${text}`,
      };
    }
  }

  async #do({ job, change }: Edit): Promise<void> {
    const scheduler = this.#scheduler;
    switch (change.kind) {
      case "add": {
        const { schedule, rules, work, rev } = change.spec;
        const options = {
          id: job,
          ...triggerOf(schedule),
          ...rulesOf(rules),
          retention: { count: KEEP_ROWS },
          params: { rev, ...work },
        };
        await scheduler.addJob(PIPELINE, options as unknown as AddJobOptions);
        return;
      }
      case "pause":
        await scheduler.pauseJob(job);
        return;
      case "resume":
        await scheduler.resumeJob(job);
        return;
      case "remove":
        return scheduler.removeJob(job);
      case "modify": {
        const { rules, work, rev } = change;
        await scheduler.modifyJob(job, { ...rulesOf(rules), params: { rev, ...work } });
        return;
      }
      case "reschedule": {
        const { schedule, work, rev } = change;
        const changes = { ...triggerOf(schedule), params: { rev, ...work } };
        await scheduler.modifyJob(job, changes);
      }
    }
  }
}

function rulesOf({ maxInstances, coalesce, graceMs, overlap, retry, timeoutMs }: Rules) {
  return {
    maxInstances,
    coalesce,
    overlap,
    retry: retry ? { attempts: retry.attempts, delay: retry.delayMs / 1_000 } : undefined,
    timeout: timeoutMs === null ? undefined : timeoutMs / 1_000,
    misfireGraceTime: graceMs === null ? null : graceMs / 1_000,
  };
}

function triggerOf(schedule: Schedule): Record<string, unknown> {
  switch (schedule.kind) {
    case "interval":
      return {
        trigger: "interval",
        milliseconds: schedule.everyMs,
        startDate: new Date(schedule.startAt),
      };
    case "cron":
      return {
        trigger: "cron",
        second: schedule.seconds.join(","),
        timezone: schedule.timezone,
      };
    case "date":
      return { trigger: "date", runDate: new Date(schedule.at) };
  }
}
