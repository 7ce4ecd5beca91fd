import { CronduitError } from "../../core/errors.ts";
import type { ActingScheduler } from "../../scheduler/pipeline-scheduler.ts";
import type { JobPreview, JobToPreview } from "../../scheduler/job-preview.ts";
import { previewTimes } from "../../jobs/preview-times.ts";
import { triggerOf } from "../../jobs/trigger-of.ts";
import type { PreviewRow } from "../../triggers/preview.ts";
import { downtimeFrom, playDowntime } from "../schedules/downtime.ts";
import { readSchedule } from "../schedules/read-schedule.ts";
import { scheduleInShort } from "../schedules/schedule-in-short.ts";
import { configInCamelCase, typedSchedule } from "../schedules/schedule-config.ts";
import type { Contract } from "../contract.ts";
import type { Call, Handlers } from "./handler.ts";
import { requireJob } from "./require-job.ts";

/** What the routes about schedules do. */
export const scheduleHandlers: Handlers<"diffSchedules" | "previewSchedule"> = {
  async previewSchedule({ body, scheduler }) {
    const { count, from, jobId, downtime, ...rest } = body;
    const where = "POST /schedules/preview";
    const { job, next, warnings } = await preview(scheduler, rest, { where, jobId, from, count });
    const { type, config } = typedSchedule(job.trigger);
    return {
      schedule: job.schedule,
      scheduleInShort: scheduleInShort(job),
      scheduleType: type,
      scheduleConfig: configInCamelCase(config),
      schedule_type: type,
      schedule_config: config,
      timezone: job.timezone,
      trigger: job.trigger,
      next: next.map(rowAnswer),
      warnings: [...warnings],
      downtime: downtime ? await playAsked(job, next, downtime) : null,
    };
  },

  async diffSchedules({ body, scheduler }) {
    const { jobId, before, after, count = 10, from } = body;
    const where = "POST /schedules/diff";
    if ((jobId === undefined) === (before === undefined))
      throw new CronduitError(
        "INVALID_OPTION",
        `${where}, body, option "before": give either "jobId" or "before", the schedule to compare with.`,
        { data: { path: "before" } },
      );
    const stored = jobId === undefined ? undefined : await requireJob(scheduler, jobId);
    const timezone = stored?.timezone;
    const how = { where, jobId, from, count, timezone };
    const fresh = await preview(scheduler, after, { ...how, prefix: "after." });
    const old = stored
      ? { job: stored, next: previewTimes(stored, { from: fresh.job.createdAt, count }) }
      : await preview(scheduler, before ?? {}, { ...how, prefix: "before." });
    return { before: sideOf(old), after: sideOf(fresh), ...changeOf(old, fresh) };
  },
};

/** A downtime that only lasts begins with the next time; without one there is nothing to say. */
async function playAsked(
  job: JobPreview["job"],
  next: JobPreview["next"],
  downtime: NonNullable<Call<Contract["previewSchedule"]>["body"]["downtime"]>,
) {
  if (!("lasting" in downtime)) return playDowntime(job, downtime);
  const first = next.find(({ fires }) => fires);
  return first ? playDowntime(job, downtimeFrom(first.instant, downtime.lasting)) : null;
}

/** How a schedule is previewed. */
interface How {
  readonly where: string;
  readonly prefix?: string;
  readonly jobId: string | undefined;
  readonly from: string | number | undefined;
  readonly count: number | undefined;
  readonly timezone?: string | undefined;
}

async function preview(
  scheduler: ActingScheduler,
  body: object,
  { where, prefix = "", jobId, from, count, timezone }: How,
): Promise<JobPreview> {
  const read = readSchedule(body as Record<string, unknown>, where, prefix);
  if (!read.isGiven)
    throw new CronduitError(
      "INVALID_OPTION",
      `${where}, body, option "${prefix}schedule": is missing. Say when, by schedule, by schedule_type and schedule_config, or by a trigger.`,
      { data: { path: `${prefix}schedule` } },
    );
  const options = { ...read.options, ...(jobId === undefined ? {} : { id: jobId }) };
  return read.told(() =>
    scheduler.previewJob(options as unknown as JobToPreview, { from, count, timezone }),
  );
}

type Side = Pick<JobPreview, "job" | "next">;

function sideOf({ job, next }: Side) {
  return {
    schedule: job.schedule,
    scheduleInShort: scheduleInShort(job),
    scheduleType: job.scheduleKind,
    timezone: job.timezone,
    next: next.map(rowAnswer),
  };
}

/** Which times change, as far as both sides are known. */
function changeOf(old: Side, fresh: Side) {
  const [before, after] = [old, fresh].map(({ next }) =>
    next.filter(({ fires }) => fires).map(({ instant }) => instant),
  ) as [number[], number[]];
  const has = ({ job }: Side, instant: number): boolean =>
    triggerOf(job).next(instant - 1) === instant;
  const iso = (instants: readonly number[]) =>
    instants.map((instant) => new Date(instant).toISOString());
  return {
    removed: iso(before.filter((instant) => !has(fresh, instant))),
    added: iso(after.filter((instant) => !has(old, instant))),
    kept: iso(before.filter((instant) => has(fresh, instant))),
  };
}

function rowAnswer({ instant, local, offset, fires, flags }: PreviewRow) {
  return { time: new Date(instant).toISOString(), local, offset, fires, flags: [...flags] };
}
