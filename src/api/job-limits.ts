import type { Clock, EpochMs } from "../core/clock.ts";
import { isCronduitError } from "../core/errors.ts";
import type { JobSnapshot } from "../scheduler/job.ts";
import type { ActingScheduler } from "../scheduler/pipeline-scheduler.ts";
import type { JobToPreview } from "../scheduler/job-preview.ts";
import type { Quotas, Times } from "./accounts/quotas.ts";
import { type Caller, isAdministrator } from "./caller.ts";

/** A job that is to be added or changed. */
export interface JobAsked {
  readonly caller: Caller;
  readonly scheduler: ActingScheduler;
  /** As `addJob` or `modifyJob` is to get them. */
  readonly options: object;
  /** Whether they say when. */
  readonly isTimed: boolean;
  /** The job as it is; absent: there is none. */
  readonly find: () => Promise<JobSnapshot | undefined>;
}

/** A backfill that is to begin. */
export interface BackfillAsked extends Pick<JobAsked, "caller" | "scheduler" | "options"> {
  readonly jobId: string;
}

/** What may be asked for. */
export interface JobLimits {
  /** Adds or changes a job. @throws if it may not be, and what `change` throws */
  forJob<T>(asked: JobAsked, change: () => Promise<T>): Promise<T>;
  /** Before a backfill begins. @throws if it may not */
  beforeBackfill(asked: BackfillAsked): Promise<void>;
}

const DAY_MS = 86_400_000;
/** How many times are looked at, of those from so many days on: a schedule may become close later. */
const LOOKED_AT = [
  [0, 200],
  [1, 50],
  [4, 50],
  [16, 50],
  [64, 50],
  [256, 50],
] as const;

/** Limits by owner. Administrators and what is in this process have none. */
export function quotaLimits(quotas: Quotas, clock: Pick<Clock, "now">): JobLimits {
  return {
    async forJob(asked, change) {
      const { caller, scheduler, options, isTimed, find } = asked;
      if (isAdministrator(caller)) return change();
      const job = await find();
      const of = { caller, owner: ownerOf(caller, options, job) };
      const { logs } = options as { readonly logs?: { readonly maxBytes?: number } };
      if (logs?.maxBytes !== undefined) await quotas.requireLogBytes(of, logs.maxBytes);
      // A job that is given away keeps the limits of whoever gets it.
      const isGivenAway = job !== undefined && job.owner !== of.owner;
      // To count times takes long: only for who may not have them all.
      if ((isTimed || isGivenAway) && (await quotas.has("shortestIntervalMs", of))) {
        const now = clock.now();
        const times = isTimed
          ? await newTimes({ scheduler, options, job }, now)
          : job && (await presentTimes(scheduler, job, now));
        await quotas.requireInterval(of, ...(times ?? []));
      }
      // It may be removed meanwhile, and then be a new one.
      const isNew = async () => (await find())?.owner !== of.owner;
      return quotas.addWithin(scheduler, of, { isNew, add: change });
    },

    async beforeBackfill({ caller, scheduler, options, jobId }) {
      if (isAdministrator(caller)) return;
      const job = await scheduler.getJob(jobId);
      if (!job || !(await quotas.has("backfill", { caller, owner: job.owner }))) return;
      const asked = { ...(options as Parameters<ActingScheduler["backfill"]>[1]), dryRun: true };
      const { runs } = await scheduler.backfill(jobId, asked);
      await quotas.requireBackfill({ caller, owner: job.owner }, runs);
    },
  };
}

/** The times of a schedule that is to be, in parts. */
async function newTimes(
  {
    scheduler,
    options,
    job,
  }: Pick<JobAsked, "scheduler" | "options"> & { readonly job: JobSnapshot | undefined },
  now: EpochMs,
): Promise<Times[]> {
  const timezone = job && { timezone: job.timezone };
  const parts: Times[] = [];
  for (const [days, count] of LOOKED_AT) {
    const from = days === 0 ? {} : { from: new Date(now + days * DAY_MS) };
    try {
      const given = { count, ...from, ...timezone };
      parts.push((await scheduler.previewJob(timesOf(options), given)).next);
    } catch (error) {
      // By then it is over.
      if (days === 0 || !isCronduitError(error, "INVALID_TRIGGER")) throw error;
    }
  }
  return parts;
}

/** The times of the schedule that a job has, in parts. */
async function presentTimes(
  scheduler: ActingScheduler,
  { id }: JobSnapshot,
  now: EpochMs,
): Promise<Times[]> {
  const parts: Times[] = [];
  for (const [days, limit] of LOOKED_AT) {
    const from = new Date(now + days * DAY_MS);
    const { occurrences } = await scheduler.getOccurrences(id, { from, limit });
    const planned = occurrences.filter(({ run }) => !run);
    parts.push(planned.map(({ fireTime }) => ({ instant: fireTime.getTime(), fires: true })));
  }
  return parts;
}

/** Whose the job will be, as the scheduler decides it. @param job The job as it is. */
export function ownerOf(
  { actor }: Caller,
  options: object,
  job?: Pick<JobSnapshot, "owner">,
): string | undefined {
  const { owner } = options as { readonly owner?: string | null };
  const own = "owners" in actor ? (actor.owners ?? []) : [];
  return owner ?? job?.owner ?? (own.length === 1 ? own[0] : undefined);
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
