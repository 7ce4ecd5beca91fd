import { toJson } from "../codec/stored-json.ts";
import type * as Port from "../port/healing.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** Finds what was lost or is overdue, on Redis. */
export class RedisHealing implements Port.HealingPort {
  readonly #calls: RedisCalls;

  constructor(calls: RedisCalls) {
    this.#calls = calls;
  }

  async audit(request: Port.AuditRequest): Promise<Port.AuditFinding[]> {
    const answer = await this.#calls.run("audit", { request: toJson(request) });
    return JSON.parse(String(answer)) as Port.AuditFinding[];
  }

  async tellOverdue(told: Port.OverdueTold): Promise<Port.OverdueOutcome> {
    return (await this.#calls.run("tell_overdue", {
      overdue: toJson(told),
    })) as Port.OverdueOutcome;
  }
}
