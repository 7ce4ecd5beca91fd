import { CronduitError } from "../../core/errors.ts";
import { formatDuration } from "../../core/durations.ts";
import type { ActingScheduler } from "../../scheduler/pipeline-scheduler.ts";
import type { PreviewRow } from "../../triggers/preview.ts";
import { type Caller, isAdministrator } from "../caller.ts";
import { limitsFrom, NO_LIMITS, type QuotaLimits, type QuotaOptions } from "./quota-limits.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import type { Users } from "./users.ts";

/** How much each owner may use, and who is over it. Administrators, and what is in this process, have no quota. */
export class Quotas {
  readonly #options: QuotaOptions | undefined;
  readonly #users: Pick<Users, "get">;
  readonly #adding = new OneAtATime();

  constructor(options: QuotaOptions | undefined, users: Pick<Users, "get">) {
    this.#options = options;
    this.#users = users;
  }

  /** The limits of an owner. A user's own come before those of the option `owners`, and these before those for all. */
  async of(owner: string): Promise<QuotaLimits> {
    const user = await this.#users.get(owner);
    return this.#limitsOf(owner, user?.quotas);
  }

  /** The limits of whoever calls, by all of its sessions and tokens together; `undefined`: none. */
  ofCaller(caller: Caller): (QuotaLimits & { readonly owner: string }) | undefined {
    if (isAdministrator(caller) || !caller.account) return undefined;
    const { user, quotas } = caller.account;
    return { ...this.#limitsOf(user, quotas), owner: user };
  }

  #limitsOf(owner: string, own: Partial<QuotaLimits> | undefined): QuotaLimits {
    const { owners = {}, ...all } = this.#options ?? {};
    const ofOwner = Object.hasOwn(owners, owner) ? owners[owner] : undefined;
    return { ...NO_LIMITS, ...limitsFrom(all), ...limitsFrom(ofOwner ?? {}), ...own };
  }

  /** The limits of what a caller does for an owner; `undefined`: none. */
  async forCaller(caller: Caller, owner: string | undefined): Promise<QuotaLimits | undefined> {
    return isAdministrator(caller) || owner === undefined ? undefined : this.of(owner);
  }

  /** Whether there is such a limit for what a caller does for an owner. */
  async has(quota: keyof QuotaLimits, { caller, owner }: ForOwner): Promise<boolean> {
    return ((await this.forCaller(caller, owner))?.[quota] ?? null) !== null;
  }

  /**
   * Adds jobs if there is room, or if it would not be a new one (`isNew`). In one process, those of one owner are added one after another, so that two can't both find the
   * last place; each other process may find it at the same moment.
   * @throws {@link CronduitError} `QUOTA_EXCEEDED`, and what `add` throws
   */
  async addWithin<T>(
    scheduler: Pick<ActingScheduler, "countJobs">,
    asked: JobsToAdd,
    { isNew, add }: { readonly isNew: () => Promise<boolean>; readonly add: () => Promise<T> },
  ): Promise<T> {
    if (asked.owner === undefined || !(await this.has("jobs", asked))) return add();
    return this.#adding.take(asked.owner, async () => {
      if (await isNew()) await this.requireRoomForJob(scheduler, asked);
      return add();
    });
  }

  /**
   * Before jobs are added.
   * @param count How many.
   * @throws {@link CronduitError} `QUOTA_EXCEEDED`
   */
  async requireRoomForJob(
    scheduler: Pick<ActingScheduler, "countJobs">,
    { caller, owner, count = 1 }: JobsToAdd,
  ): Promise<void> {
    const most = (await this.forCaller(caller, owner))?.jobs ?? null;
    if (most === null || owner === undefined) return;
    const { total } = await scheduler.countJobs({ owner });
    if (total + count > most)
      throw exceeded("jobs", most, `"${owner}" may have ${most} jobs, and has ${total}.`);
  }

  /**
   * Before a job gets a schedule.
   * @param parts Its next times, as `previewTrigger` gives them: enough to see how close they come, also later on.
   * @throws {@link CronduitError} `QUOTA_EXCEEDED`
   */
  async requireInterval({ caller, owner }: ForOwner, ...parts: readonly Times[]): Promise<void> {
    const least = (await this.forCaller(caller, owner))?.shortestIntervalMs ?? null;
    if (least === null) return;
    const shortest = Math.min(...parts.flatMap(gapsOf));
    if (shortest < least)
      throw exceeded(
        "shortestIntervalMs",
        least,
        `Jobs of "${owner}" may run every ${formatDuration(least)} at most, and this one runs ${formatDuration(shortest)} after another time.`,
      );
  }

  /** @param count How many occurrences. @throws {@link CronduitError} `QUOTA_EXCEEDED` */
  async requireBackfill({ caller, owner }: ForOwner, count: number): Promise<void> {
    const most = (await this.forCaller(caller, owner))?.backfill ?? null;
    if (most !== null && count > most)
      throw exceeded(
        "backfill",
        most,
        `A backfill may have ${most} occurrences, and this has ${count}.`,
      );
  }

  /** @param bytes What a job asks to keep of a run's log. @throws {@link CronduitError} `QUOTA_EXCEEDED` */
  async requireLogBytes({ caller, owner }: ForOwner, bytes: number): Promise<void> {
    const most = (await this.forCaller(caller, owner))?.logBytes ?? null;
    if (most !== null && bytes > most)
      throw exceeded(
        "logBytes",
        most,
        `A run's log may have ${most} bytes, and this job asks for ${bytes}.`,
      );
  }
}

/** Who does something, and whose it will be. */
export interface ForOwner {
  readonly caller: Caller;
  /** `undefined`: nobody's but the administrators'. */
  readonly owner: string | undefined;
}

/** Who adds how many jobs for whom. */
export interface JobsToAdd extends ForOwner {
  /** @default 1 */
  readonly count?: number;
}

/** Times of a job, in order. */
export type Times = readonly Pick<PreviewRow, "instant" | "fires">[];

function gapsOf(times: Times): number[] {
  const instants = times.filter(({ fires }) => fires).map(({ instant }) => instant);
  return instants.slice(1).map((instant, i) => instant - (instants[i] ?? instant));
}

function exceeded(quota: keyof QuotaLimits, limit: number, message: string): CronduitError {
  return new CronduitError("QUOTA_EXCEEDED", message, { data: { quota, limit } });
}
