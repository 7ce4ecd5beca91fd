import type { ActingScheduler } from "../scheduler/pipeline-scheduler.ts";
import type { JobToPreview } from "../scheduler/job-preview.ts";
import type { Quotas } from "./accounts/quotas.ts";
import { type Caller, isAdministrator } from "./caller.ts";

/** A job that is to be added or changed. */
export interface JobAsked {
  readonly caller: Caller;
  readonly scheduler: ActingScheduler;
  /** As `addJob` or `modifyJob` is to get them. */
  readonly options: object;
  /** Whether there is no such job yet. */
  readonly isNew?: boolean;
  /** The job that is to be changed. */
  readonly jobId?: string;
}

/** What may be asked for. */
export interface JobLimits {
  /** Before a job is added or changed. @throws if it may not be */
  beforeJob(asked: JobAsked): Promise<void>;
  /** Before a backfill begins. @throws if it may not */
  beforeBackfill(asked: Omit<JobAsked, "isNew">): Promise<void>;
}

/** Next times that tell how close they come. */
const LOOKED_AT = 200;

/** Limits by owner. Administrators and what is in this process have none. */
export function quotaLimits(quotas: Quotas): JobLimits {
  return {
    async beforeJob({ caller, scheduler, options, isNew = false, jobId }) {
      if (isAdministrator(caller)) return;
      const job = jobId === undefined ? undefined : await scheduler.getJob(jobId);
      const owner = ownerOf(caller, options) ?? job?.owner;
      const asked = { caller, owner };
      const { logs } = options as { readonly logs?: { readonly maxBytes?: number } };
      if (logs?.maxBytes !== undefined) await quotas.requireLogBytes(asked, logs.maxBytes);
      if (isNew) await quotas.requireRoomForJob(scheduler, asked);
      if (!("trigger" in options)) return;
      const { next } = await scheduler.previewJob(timesOf(options), {
        count: LOOKED_AT,
        ...(job && { timezone: job.timezone }),
      });
      await quotas.requireInterval(asked, next);
    },

    async beforeBackfill({ caller, scheduler, options, jobId = "" }) {
      if (isAdministrator(caller)) return;
      const job = await scheduler.getJob(jobId);
      if (!job) return;
      const asked = { ...(options as Parameters<ActingScheduler["backfill"]>[1]), dryRun: true };
      const { runs } = await scheduler.backfill(jobId, asked);
      await quotas.requireBackfill({ caller, owner: job.owner }, runs);
    },
  };
}

/** Whose the job will be, as the scheduler decides it. */
export function ownerOf({ actor }: Caller, options: object): string | undefined {
  const { owner } = options as { readonly owner?: string | null };
  const own = "owners" in actor ? (actor.owners ?? []) : [];
  return owner ?? (own.length === 1 ? own[0] : undefined);
}

/** Only what says when. */
function timesOf(options: object): JobToPreview {
  const {
    params: _,
    replaceExisting: __,
    ifRevision: ___,
    owner: ____,
    ...rest
  } = options as {
    readonly params?: unknown;
    readonly replaceExisting?: unknown;
    readonly ifRevision?: unknown;
    readonly owner?: unknown;
  };
  return rest as JobToPreview;
}
