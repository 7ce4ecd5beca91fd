import { DEFAULT_QUEUE } from "../../jobs/queue.ts";
import type {
  AuditFinding,
  AuditRequest,
  HealingPort,
  OverdueOutcome,
  OverdueTold,
} from "../port/healing.ts";
import type { Queues } from "./queues.ts";

/** Finds what was lost or is overdue, on every queue. */
export class MultiQueueHealing implements HealingPort {
  readonly #queues: Queues;

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  /**
   * What is due soon is checked on each queue. The further jobs that the request names are a part of one list, which here
   * is the lists of all queues, one after the other.
   */
  async audit(request: AuditRequest): Promise<AuditFinding[]> {
    const { home } = this.#queues;
    const others = await this.#queues.others();
    if (others.size === 0) return home.healing.audit(request);
    const engines = [[DEFAULT_QUEUE, home] as const, ...others];
    const counts = await Promise.all(engines.map(([, { jobs }]) => jobs.count()));
    const findings: AuditFinding[] = [];
    let before = 0;
    for (const [i, [queue, { healing }]] of engines.entries()) {
      const count = counts[i] ?? 0;
      const found = await healing.audit({ ...request, ...partOf(request, before, count) });
      findings.push(...found.map((finding) => onQueue(finding, queue)));
      before += count;
    }
    return findings;
  }

  tellOverdue(told: OverdueTold): Promise<OverdueOutcome> {
    return this.#queues.ofJob(
      told.jobId,
      ({ healing }) => healing.tellOverdue(told),
      (answer) => answer === "missing",
    );
  }
}

/** The part of the request that lies in a queue of `count` jobs with `before` jobs before it. */
function partOf(
  { offset, limit }: AuditRequest,
  before: number,
  count: number,
): Pick<AuditRequest, "offset" | "limit"> {
  const from = Math.min(Math.max(offset - before, 0), count);
  const to = Math.min(Math.max(offset + limit - before, 0), count);
  // None of this queue's jobs are in the range: asks for a page past its end.
  return to > from ? { offset: from, limit: to - from } : { offset: count, limit: 1 };
}

function onQueue(finding: AuditFinding, queue: string): AuditFinding {
  if (queue === DEFAULT_QUEUE || !("queueJob" in finding)) return finding;
  return { ...finding, queueJob: { ...finding.queueJob, queue } };
}
