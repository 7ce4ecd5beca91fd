import { conditionText } from "../../conditions/print.ts";
import type { JobSnapshot } from "../../scheduler/job.ts";
import type { JobAnswer } from "../contract/job-routes.ts";
import { entityTag } from "../if-match.ts";
import { scheduleInShort } from "../schedules/schedule-in-short.ts";
import { configInCamelCase, typedSchedule } from "../schedules/schedule-config.ts";

const at = (date: Date): string => date.toISOString();
const atOrNull = (date: Date | null): string | null => date && date.toISOString();

function inShort(run: JobSnapshot["lastRun"]): JobAnswer["lastRun"] {
  return run && { ...run, fireTime: at(run.fireTime), finishedAt: at(run.finishedAt) };
}

/** What a job does now or, if nothing, how its last run ended. */
function statusOf(job: JobSnapshot): JobAnswer["status"] {
  if (job.running > 0) return "running";
  if (job.state !== "active") return job.state;
  if (!job.lastRun) return "idle";
  return job.lastRun.verdict === "succeeded" ? "completed" : "failed";
}

function scheduleAnswer(job: JobSnapshot) {
  const isScheduled = job.state !== "finished" && job.scheduleKind !== "manual";
  const { type, config } = typedSchedule(job.trigger);
  return {
    isScheduled,
    scheduleType: type,
    scheduleConfig: configInCamelCase(config),
    is_scheduled: isScheduled,
    schedule_type: type,
    schedule_config: config,
    next_run: atOrNull(job.nextRunTime),
    last_scheduled_run: job.lastScheduledRun && at(job.lastScheduledRun.fireTime),
  };
}

type Override = NonNullable<NonNullable<JobSnapshot["overrides"]>["paused"]>;

function overridesOf({ overrides }: JobSnapshot): JobAnswer["overrides"] {
  if (!overrides) return null;
  const shown = (one: Override) => ({ by: one.by, at: at(one.at), until: atOrNull(one.until) });
  const { paused, schedule, params } = overrides;
  return {
    ...(paused && { paused: shown(paused) }),
    ...(schedule && { schedule: shown(schedule) }),
    ...(params && { params: shown(params) }),
  };
}

/** A job as the API answers it. */
export function toJobAnswer(job: JobSnapshot): JobAnswer {
  return {
    id: job.id,
    pipeline: job.pipeline,
    queue: job.queue,
    description: job.description ?? null,
    owner: job.owner ?? null,
    source: job.source,
    tags: [...job.tags],
    params: job.params,
    state: job.state,
    status: statusOf(job),
    schedule: job.schedule,
    scheduleInShort: scheduleInShort(job),
    ...scheduleAnswer(job),
    timezone: job.timezone,
    trigger: job.trigger,
    nextRun: atOrNull(job.nextRunTime),
    nextDue: atOrNull(job.nextDueTime),
    lastScheduledRun: inShort(job.lastScheduledRun),
    lastRun: inShort(job.lastRun),
    running: job.running,
    counts: { ...job.counts },
    condition: job.policy.when ? conditionText(job.policy.when.condition) : null,
    policy: job.policy,
    retention: { ...job.retention },
    pausedAt: atOrNull(job.pausedAt),
    pausedReason: job.pausedReason,
    pausedUntil: atOrNull(job.pausedUntil),
    skips: job.skips.map((skip) => ({
      fireTime: at(skip.fireTime),
      reason: skip.reason ?? null,
      by: skip.by,
      requestedAt: at(skip.requestedAt),
    })),
    isLockable: job.isLockable,
    overrides: overridesOf(job),
    declared: job.declared ?? null,
    createdAt: at(job.createdAt),
    revision: job.revision,
  };
}

/** A job as the answer to a call about it alone, with its revision in the headers. */
export function answerWithTag(headers: Headers, job: JobSnapshot): JobAnswer {
  headers.set("etag", entityTag(job));
  return toJobAnswer(job);
}
