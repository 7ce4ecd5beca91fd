import { putJobs } from "../../jobs/decide.ts";
import { nextNumber } from "../../jobs/decide/step.ts";
import type {
  Claim,
  ClaimedPut,
  ClaimedPutResult,
  ClaimResult,
  Directory,
} from "../port/queue-engine.ts";
import { asSent, copyOf } from "./as-sent.ts";
import type { MemoryLink } from "./memory-link.ts";

/** Where the jobs of other queues are, in memory. */
export class MemoryDirectory implements Directory {
  readonly #link: MemoryLink;
  readonly #queues = new Set<string>();

  constructor(link: MemoryLink) {
    this.#link = link;
  }

  async queues(): Promise<string[]> {
    this.#link.ready();
    return [...this.#queues];
  }

  async addQueue(queue: string): Promise<void> {
    const { log } = this.#link.ready();
    if (this.#queues.has(queue)) return;
    this.#queues.add(queue);
    // An entry without events makes readers look: there is one more log to read from now on.
    log.append([]);
  }

  async claim(queue: string, jobIds: readonly string[]): Promise<ClaimResult[]> {
    return this.#link.step((step) =>
      jobIds.map((id): ClaimResult => {
        const { jobs, homes } = step.state;
        if (jobs.has(id)) return { outcome: "exists" };
        const home = homes.get(id);
        if (home && home.queue !== queue)
          return { outcome: "elsewhere", claim: { queue: home.queue, number: home.claim } };
        const claim = nextNumber(step);
        homes.set(id, { queue, claim });
        return { outcome: "claimed", number: claim };
      }),
    );
  }

  async find(jobIds: readonly string[]): Promise<(Claim | undefined)[]> {
    const { homes } = this.#link.ready().state;
    return jobIds.map((id) => {
      const home = homes.get(id);
      return home && { queue: home.queue, number: home.claim };
    });
  }

  /** All queues share one counter here. */
  async release(jobId: string, claim: number): Promise<void> {
    const { homes } = this.#link.ready().state;
    if (homes.get(jobId)?.claim === claim) homes.delete(jobId);
  }

  async putClaimed(puts: readonly ClaimedPut[]): Promise<ClaimedPutResult[]> {
    const sent = puts.map((put) => asSent(put, "definition"));
    return copyOf(this.#link.step((step) => putJobs(step, sent)));
  }

  async fence(jobId: string, claim: number): Promise<{ readonly sequence: number } | "exists"> {
    const { state } = this.#link.ready();
    if (state.jobs.has(jobId)) return "exists";
    state.fence.claim = Math.max(state.fence.claim, claim);
    return { sequence: 0 };
  }
}
