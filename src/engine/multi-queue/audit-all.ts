import { DEFAULT_QUEUE } from "../../jobs/queue.ts";
import type { AuditFinding, AuditRequest, Engine } from "../port/engine.ts";

/**
 * Checks every queue. What is due soon is checked on each; of the further jobs the request names a part of the list, and
 * the list is here that of one queue behind that of the other.
 */
export async function auditAll(
  request: AuditRequest,
  home: Engine,
  others: ReadonlyMap<string, Engine>,
): Promise<AuditFinding[]> {
  if (others.size === 0) return home.audit(request);
  const engines = [[DEFAULT_QUEUE, home] as const, ...others];
  const counts = await Promise.all(engines.map(([, engine]) => engine.countJobs()));
  const findings: AuditFinding[] = [];
  let before = 0;
  for (const [i, [queue, engine]] of engines.entries()) {
    const count = counts[i] ?? 0;
    const found = await engine.audit({ ...request, ...partOf(request, before, count) });
    findings.push(...found.map((finding) => onQueue(finding, queue)));
    before += count;
  }
  return findings;
}

/** The part of the list asked for that lies in a queue of `count` jobs with `before` jobs before it. */
function partOf(
  { offset, limit }: AuditRequest,
  before: number,
  count: number,
): Pick<AuditRequest, "offset" | "limit"> {
  const from = Math.min(Math.max(offset - before, 0), count);
  const to = Math.min(Math.max(offset + limit - before, 0), count);
  // A part without any job is one behind the last.
  return to > from ? { offset: from, limit: to - from } : { offset: count, limit: 1 };
}

function onQueue(finding: AuditFinding, queue: string): AuditFinding {
  if (queue === DEFAULT_QUEUE || !("queueJob" in finding)) return finding;
  return { ...finding, queueJob: { ...finding.queueJob, queue } };
}
