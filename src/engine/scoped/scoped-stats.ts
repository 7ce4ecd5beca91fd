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
    const days = await this.#engine.stats.readDays(query);
    const jobs = await this.#engine.jobs.get(days.map(({ jobId }) => jobId));
    return days.filter((_, i) => {
      const job = jobs[i];
      return job && this.#access.isSeen(job.definition.owner);
    });
  }

  async readHours(): Promise<RollUp[]> {
    return [];
  }
}
