import type { EpochMs } from "../../core/clock.ts";
import type { ActingScheduler } from "../../scheduler/pipeline-scheduler.ts";
import { cleanupSchema } from "../../history/cleanup-schema.ts";
import { parseOptions } from "../../jobs/options.ts";
import { countCleanup } from "../overview/count-cleanup.ts";
import { ifMatch } from "../if-match.ts";
import { explainedAnswer } from "./explained-answer.ts";
import type { JobLimits } from "../job-limits.ts";
import { asJson } from "./as-json.ts";
import type { Handlers } from "./handler.ts";
import { toRunAnswer } from "./run-handlers.ts";

type OfOccurrences =
  | "cancelBackfill"
  | "deleteJobLogs"
  | "deleteJobRuns"
  | "explainOccurrence"
  | "getBackfill"
  | "getJobAccount"
  | "listJobChanges"
  | "listOccurrences"
  | "listPausedOccurrences"
  | "pauseBackfill"
  | "resumeBackfill"
  | "skipOccurrence"
  | "startBackfill"
  | "unskipOccurrence";

/**
 * What the routes about the occurrences of one job do.
 * @param limits What is looked at before a backfill.
 * @param now The time by the server's clock.
 */
export function occurrenceHandlers(
  limits: JobLimits,
  now: () => Promise<EpochMs>,
): Handlers<OfOccurrences> {
  return {
    async listOccurrences({ path: { jobId }, query, scheduler }) {
      const { occurrences, cursor } = await scheduler.getOccurrences(jobId, query);
      const items = occurrences.map(({ fireTime, dueTime, state, run, flags }) => ({
        fireTime: fireTime.toISOString(),
        dueTime: dueTime.toISOString(),
        state,
        flags: [...flags],
        run: run ? toRunAnswer(run) : null,
      }));
      return { items, nextCursor: cursor ?? null };
    },

    listPausedOccurrences: async ({ path: { jobId }, query: { limit }, scheduler }) =>
      asJson(await scheduler.getPausedOccurrences(jobId, limit === undefined ? {} : { limit })),

    explainOccurrence: ({ path: { jobId }, query: { at }, scheduler }) =>
      explainedAnswer({ scheduler, now }, jobId, at),

    async skipOccurrence({ path, body: { note, reason } = {}, request, acting }) {
      const how = { ...(reason === undefined ? {} : { reason }), ...ifMatch(request) };
      await acting(note).skipOccurrence(path.jobId, path.time, how);
    },

    async unskipOccurrence({ path, request, acting }) {
      await acting().unskipOccurrence(path.jobId, path.time, ifMatch(request));
    },

    async listJobChanges({ path: { jobId }, query, scheduler }) {
      const page = await scheduler.getChanges({ ...query, jobId } as Parameters<
        ActingScheduler["getChanges"]
      >[0]);
      const { changes, cursor, isCut } = page;
      return { items: asJson([...changes]), nextCursor: cursor ?? null, isCut };
    },

    async getJobAccount({ path: { jobId }, query, scheduler }) {
      const { cursor, ...account } = await scheduler.account({ ...query, jobId });
      return { ...asJson(account), nextCursor: cursor ?? null };
    },

    async deleteJobLogs({ path: { jobId }, query, scheduler }) {
      if (query.dryRun === true)
        return countCleanup(scheduler, jobId, { what: "logs", ...whichToCount(query) });
      return { count: await scheduler.cleanupLogs(jobId, whichOf(query)), isAll: true };
    },

    async deleteJobRuns({ path: { jobId }, query, scheduler }) {
      if (query.dryRun === true)
        return countCleanup(scheduler, jobId, { what: "runs", ...whichToCount(query) });
      return { count: await scheduler.cleanupRuns(jobId, whichOf(query)), isAll: true };
    },

    async startBackfill({ path: { jobId }, body: { note, ...options }, acting, caller }) {
      const scheduler = acting(note);
      await limits.beforeBackfill({ caller, scheduler, options, jobId });
      return asJson(await scheduler.backfill(jobId, options));
    },

    async getBackfill({ path: { jobId }, scheduler }) {
      return { backfill: asJson((await scheduler.getBackfill(jobId)) ?? null) };
    },

    async pauseBackfill({ path: { jobId }, body: { note } = {}, acting }) {
      await acting(note).pauseBackfill(jobId);
    },

    async resumeBackfill({ path: { jobId }, body: { note } = {}, acting }) {
      await acting(note).resumeBackfill(jobId);
    },

    async cancelBackfill({ path: { jobId }, body: { note } = {}, acting }) {
      await acting(note).cancelBackfill(jobId);
    },
  };
}

/** @throws {@link CronduitError} `INVALID_OPTION` as the scheduler, if nothing or both is said */
function whichToCount({ before, all }: Parameters<typeof whichOf>[0]) {
  parseOptions(cleanupSchema, whichOf({ before, all }), "dryRun");
  return { before };
}

/** What is to be deleted; that nothing or both is said, the scheduler refuses. */
function whichOf({
  before,
  all,
}: {
  readonly before?: string | undefined;
  readonly all?: string | undefined;
}) {
  return {
    ...(before === undefined ? {} : { before }),
    ...(all === undefined ? {} : { all: true }),
  } as Parameters<ActingScheduler["cleanupLogs"]>[1];
}
