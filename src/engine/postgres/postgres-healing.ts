import type { Clock } from "../../core/clock.ts";
import type * as Port from "../port/healing.ts";
import { wordOf } from "./functions.ts";
import type { PostgresLink } from "./postgres-link.ts";

/** How often partitions of the ledger are made and dropped; each is for 30 days. */
const PARTITIONS_EVERY_MS = 3_600_000;

/** Finds what was lost or is overdue, on PostgreSQL. */
export class PostgresHealing implements Port.HealingPort {
  readonly #link: PostgresLink;
  readonly #clock: Clock;
  #partitionsAt = 0;

  constructor(link: PostgresLink, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  async audit(request: Port.AuditRequest): Promise<Port.AuditFinding[]> {
    await this.#keepPartitions();
    const answer = await this.#link.run("audit", "audit", request);
    return JSON.parse(String(answer)) as Port.AuditFinding[];
  }

  async tellOverdue(told: Port.OverdueTold): Promise<Port.OverdueOutcome> {
    const answer = await this.#link.run("tellOverdue", "tell_overdue", told);
    return wordOf(answer) as Port.OverdueOutcome;
  }

  /** In a call of its own, since it locks tables, if only for a moment. */
  async #keepPartitions(): Promise<void> {
    const now = this.#clock.elapsed();
    if (now < this.#partitionsAt) return;
    await this.#link.run("keepPartitions", "keep_partitions", {});
    this.#partitionsAt = now + PARTITIONS_EVERY_MS;
  }
}
