import type { EpochMs } from "../../core/clock.ts";
import type { StoredJob } from "../../jobs/definition.ts";
import type { DaysQuery, JobDays, RollUp, StatsPort } from "../port/stats.ts";
import type { Engine } from "../port/engine.ts";
import type { Access } from "./access.ts";

/** The roll-ups that somebody sees: those of its jobs that exist. The hours are everybody's together, so none of them. */
export class ScopedStats implements StatsPort {
  readonly #engine: Pick<Engine, "changes" | "jobs" | "stats">;
  readonly #access: Access;

  constructor(engine: Pick<Engine, "changes" | "jobs" | "stats">, access: Access) {
    this.#engine = engine;
    this.#access = access;
  }

  async readDays(query: DaysQuery): Promise<JobDays[]> {
    const { sees } = this.#access;
    const found = await this.#engine.stats.readDays(query);
    if (sees === "all") return found;
    const jobs = await this.#engine.jobs.get(found.map(({ jobId }) => jobId));
    const seen = await Promise.all(
      found.map(async ({ jobId, days }, i) => {
        const job = jobs[i];
        const isSeen = job && this.#access.isSeen(job.definition.owner);
        const since = isSeen ? await this.#ownSince(job, days) : Infinity;
        // A day is of one owner as a whole: the one in which the job changed hands is the former owner's.
        return { jobId, days: days.filter(({ at }) => at >= since) };
      }),
    );
    return seen.filter(({ days }) => days.length > 0);
  }

  /** Since when its days are its owner's. One of the same id may have been removed from another queue, and left its days there. */
  async #ownSince(
    { definition, handedOver }: StoredJob,
    days: readonly RollUp[],
  ): Promise<EpochMs> {
    const { id, owner, createdAt } = definition;
    if (handedOver || days.every(({ at }) => at >= createdAt)) return handedOver?.at ?? 0;
    const { revisions } = await this.#engine.changes.readRevisions("all", id);
    const isFormer = revisions.some((change) => change.at <= createdAt && change.owner !== owner);
    return isFormer ? createdAt : 0;
  }

  async readHours(): Promise<RollUp[]> {
    return [];
  }
}
