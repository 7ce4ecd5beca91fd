import {
  type AddJobOptions,
  CronduitError,
  isCronduitError,
  type PipelineScheduler,
  type RescheduleOptions,
} from "../../../src/index.ts";
import type { Change, Edit, Rules, Schedule } from "../history/job-spec.ts";
import { PIPELINE } from "./work.ts";

/** The outcome of a call, as far as the caller knows. */
export interface Answer {
  readonly result: "ok" | "refused" | "unknown";
  readonly error?: string;
  /** Jobs that a call which changes several left as they are, as if it had been refused. */
  readonly refused?: readonly string[];
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
      const refused = await this.#do(edit);
      return { result: "ok", ...(refused && { refused }) };
    } catch (error) {
      const code = isCronduitError(error) ? error.code : "INTERNAL";
      const text = error instanceof Error ? error.message : String(error);
      return {
        result: INDEFINITE.has(code) ? "unknown" : "refused",
        error: `${code}: ${text}`,
      };
    }
  }

  async #do({ id, job, change }: Edit): Promise<readonly string[] | undefined> {
    const scheduler = this.#scheduler;
    switch (change.kind) {
      case "bulk":
        return this.#doBulk(change, `chaos-${id}`);
      case "skip":
        await scheduler.skipOccurrence(job, new Date(change.at), "for chaos");
        return undefined;
      case "unskip":
        await scheduler.unskipOccurrence(job, new Date(change.at));
        return undefined;
      case "override": {
        const { isPaused, schedule, until } = change;
        await scheduler.overrideJob(job, {
          ...(isPaused && { paused: true }),
          ...(schedule && { schedule: triggerOf(schedule) as unknown as RescheduleOptions }),
          until: new Date(until),
        });
        return undefined;
      }
      case "clear":
        await scheduler.clearOverride(job);
        return undefined;
      case "run":
      case "ends":
        throw new Error(`nobody asks for "${change.kind}"`);
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
        return undefined;
      }
      case "pause": {
        const { until } = change;
        await scheduler.pauseJob(job, until === undefined ? {} : { until: new Date(until) });
        return undefined;
      }
      case "resume":
        await scheduler.resumeJob(job, { missed: change.missed });
        return undefined;
      case "remove":
        await scheduler.removeJob(job);
        return undefined;
      case "modify": {
        const { rules, work, rev } = change;
        await scheduler.modifyJob(job, { ...rulesOf(rules), params: { rev, ...work } });
        return undefined;
      }
      case "reschedule": {
        const { schedule, work, rev } = change;
        const changes = { ...triggerOf(schedule), params: { rev, ...work } };
        await scheduler.modifyJob(job, changes);
        return undefined;
      }
    }
  }

  /** @returns the jobs that were not there, or over */
  async #doBulk(
    { what, jobs }: Extract<Change, { kind: "bulk" }>,
    bulkId: string,
  ): Promise<readonly string[]> {
    const { problems, failed, isComplete } = await this.#askBulk(what, { ids: [...jobs] }, bulkId);
    if (!isComplete || failed > 0)
      throw new CronduitError("CONNECTION_FAILED", problems[0]?.message ?? "not complete");
    return problems
      .filter(({ code }) => code === "JOB_NOT_FOUND" || code === "INVALID_STATE")
      .map(({ jobId }) => jobId);
  }

  #askBulk(what: "pause" | "resume" | "run", filter: { ids: string[] }, bulkId: string) {
    if (what === "pause") return this.#scheduler.pauseJobs(filter, { bulkId });
    if (what === "resume") return this.#scheduler.resumeJobs(filter, { bulkId });
    return this.#scheduler.runJobs(filter, { bulkId });
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
