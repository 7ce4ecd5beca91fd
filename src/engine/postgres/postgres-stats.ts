import { toJson } from "../codec/stored-json.ts";
import type { DaysQuery, HoursQuery, JobDays, RollUp, StatsPort } from "../port/stats.ts";
import type { PostgresLink } from "./postgres-link.ts";

/** Roll-ups on PostgreSQL: what the reconciler has folded, and what it has not. */
export class PostgresStats implements StatsPort {
  readonly #link: PostgresLink;

  constructor(link: PostgresLink) {
    this.#link = link;
  }

  readDays(query: DaysQuery): Promise<JobDays[]> {
    return this.#link.read("readDays", "read_days($1)", [toJson(query)]);
  }

  readHours(query: HoursQuery): Promise<RollUp[]> {
    return this.#link.read("readHours", "read_hours($1)", [toJson(query)]);
  }
}
