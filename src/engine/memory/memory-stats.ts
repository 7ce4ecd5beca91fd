import { readDays, readHours } from "../../jobs/decide.ts";
import type { DaysQuery, HoursQuery, JobDays, RollUp, StatsPort } from "../port/stats.ts";
import type { MemoryLink } from "./memory-link.ts";

/** Roll-ups in memory. */
export class MemoryStats implements StatsPort {
  readonly #link: MemoryLink;

  constructor(link: MemoryLink) {
    this.#link = link;
  }

  async readDays(query: DaysQuery): Promise<JobDays[]> {
    return readDays(this.#link.ready().state, query, this.#link.now());
  }

  async readHours(query: HoursQuery): Promise<RollUp[]> {
    return readHours(this.#link.ready().state, query);
  }
}
