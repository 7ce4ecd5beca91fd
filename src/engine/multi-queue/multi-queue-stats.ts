import type { DaysQuery, HoursQuery, JobDays, RollUp, StatsPort } from "../port/stats.ts";
import { addRollUps } from "../../jobs/roll-up.ts";
import type { Queues } from "./queues.ts";

/** The roll-ups of all queues. A job that was removed and added on another queue has days on both. */
export class MultiQueueStats implements StatsPort {
  readonly #queues: Queues;

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  async readDays(query: DaysQuery): Promise<JobDays[]> {
    const lists = await this.#onEach((engine) => engine.stats.readDays(query));
    if (lists.length === 1) return lists.flat();
    const all = lists.flat();
    return [...new Set(all.map(({ jobId }) => jobId))].map((jobId) => {
      const own = all.filter((each) => each.jobId === jobId);
      return { jobId, days: addRollUps(own.flatMap(({ days }) => days)) };
    });
  }

  async readHours(query: HoursQuery): Promise<RollUp[]> {
    const lists = await this.#onEach((engine) => engine.stats.readHours(query));
    return lists.length === 1 ? lists.flat() : addRollUps(lists.flat());
  }

  async #onEach<T>(read: (engine: { readonly stats: StatsPort }) => Promise<T>): Promise<T[]> {
    const engines = [this.#queues.home, ...(await this.#queues.others()).values()];
    return Promise.all(engines.map(read));
  }
}
