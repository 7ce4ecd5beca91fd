import type * as Port from "../port/healing.ts";
import { wordOf } from "./functions.ts";
import type { PostgresLink } from "./postgres-link.ts";

/** Finds what was lost or is overdue, on PostgreSQL. */
export class PostgresHealing implements Port.HealingPort {
  readonly #link: PostgresLink;

  constructor(link: PostgresLink) {
    this.#link = link;
  }

  async audit(request: Port.AuditRequest): Promise<Port.AuditFinding[]> {
    const answer = await this.#link.run("audit", "audit", request);
    return JSON.parse(String(answer)) as Port.AuditFinding[];
  }

  async tellOverdue(told: Port.OverdueTold): Promise<Port.OverdueOutcome> {
    const answer = await this.#link.run("tellOverdue", "tell_overdue", told);
    return wordOf(answer) as Port.OverdueOutcome;
  }
}
