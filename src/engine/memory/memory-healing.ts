import type { EpochMs } from "../../core/clock.ts";
import { audit, tellOverdue } from "../../jobs/decide.ts";
import type { QueueState } from "../../jobs/decide/state.ts";
import type * as Port from "../port/healing.ts";
import { asSent, copyOf } from "./as-sent.ts";
import type { MemoryLink, MemoryStore } from "./memory-link.ts";
import type { RunTexts } from "./run-texts.ts";

/** How long steps and logs are kept of a job that has nothing else. */
const LEFT_BEHIND_MS = 86_400_000;

/** Finds what was lost or is overdue, in memory. */
export class MemoryHealing implements Port.HealingPort {
  readonly #link: MemoryLink;

  constructor(link: MemoryLink) {
    this.#link = link;
  }

  async audit(request: Port.AuditRequest): Promise<Port.AuditFinding[]> {
    return this.#link.step((step, store) => {
      const findings = copyOf(audit(step, request));
      sweep(store, step.now);
      return findings;
    });
  }

  async tellOverdue(told: Port.OverdueTold): Promise<Port.OverdueOutcome> {
    return this.#link.step((step) => tellOverdue(step, asSent(told)));
  }
}

/** Forgets documents that expired, and what removed jobs left behind when its time is over. */
function sweep({ state, steps, logs, documents }: MemoryStore, now: EpochMs): void {
  documents.sweep(now);
  for (const [jobId, { expiresAt }] of state.ledgers)
    if (expiresAt !== null && expiresAt <= now) {
      state.ledgers.delete(jobId);
      state.days.delete(jobId);
      state.revisions.delete(jobId);
    }
  for (const texts of [steps, logs]) sweepTexts(texts, state, now - LEFT_BEHIND_MS);
}

function sweepTexts(
  texts: RunTexts,
  { jobs, ledgers, running }: QueueState,
  before: EpochMs,
): void {
  for (const jobId of texts.jobs()) {
    if (jobs.has(jobId) || ledgers.has(jobId) || running.has(jobId)) continue;
    texts.drop(texts.ofJob(jobId).filter(({ at }) => at < before));
  }
}
