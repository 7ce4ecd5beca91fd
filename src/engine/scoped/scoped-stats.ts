import type { DaysQuery, JobDays, RollUp, StatsPort } from "../port/stats.ts";
import type { Engine } from "../port/engine.ts";
import type { Access } from "./access.ts";

/** The roll-ups that somebody sees: those of its jobs that exist. The hours are everybody's together, so none of them. */
export class ScopedStats implements StatsPort {
  readonly #engine: Pick<Engine, "jobs" | "stats">;
  readonly #access: Access;

  constructor(engine: Pick<Engine, "jobs" | "stats">, access: Access) {
    this.#engine = engine;
    this.#access = access;
  }

  async readDays(query: DaysQuery): Promise<JobDays[]> {
    const jobs = await this.#engine.jobs.get(query.jobIds);
    const seen = jobs.flatMap((job) =>
      job && this.#access.isSeen(job.definition.owner) ? [job.definition.id] : [],
    );
    return seen.length === 0 ? [] : this.#engine.stats.readDays({ ...query, jobIds: seen });
  }

  async readHours(): Promise<RollUp[]> {
    return [];
  }
}
