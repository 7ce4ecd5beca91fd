import type { StoredJob } from "../../jobs/definition.ts";
import type * as Port from "../port/jobs.ts";
import type { QueueEngine } from "../port/queue-engine.ts";
import type { JobClaims } from "./job-claims.ts";
import { mergeDue } from "./merge-rows.ts";
import type { Queues } from "./queues.ts";

/** Stored jobs of all queues. */
export class MultiQueueJobs implements Port.JobsPort {
  readonly #home: QueueEngine;
  readonly #queues: Queues;
  readonly #claims: JobClaims;

  constructor(queues: Queues, claims: JobClaims) {
    this.#home = queues.home;
    this.#queues = queues;
    this.#claims = claims;
  }

  put(puts: readonly Port.JobPut[]): Promise<Port.JobPutResult[]> {
    return this.#claims.put(puts);
  }

  change(change: Port.JobChange): Promise<Port.JobChangeResult> {
    return this.#queues.ofJob(
      change.jobId,
      ({ jobs }) => jobs.change(change),
      ({ outcome }) => outcome === "missing",
    );
  }

  async remove(removal: Port.JobRemoval): Promise<Port.JobRemovalResult> {
    const outcome = await this.#home.jobs.remove(removal);
    return outcome === "missing" ? this.#claims.remove(removal) : outcome;
  }

  async get(ids: readonly string[]): Promise<(StoredJob | undefined)[]> {
    const jobs = await this.#home.jobs.get(ids);
    const missing = ids.filter((_, i) => !jobs[i]);
    if (missing.length === 0) return jobs;
    const elsewhere = await this.#claims.getJobs(missing);
    return ids.map((id, i) => jobs[i] ?? elsewhere.get(id));
  }

  readDefinitions(ids: readonly string[]): Promise<(Port.StoredDefinition | undefined)[]> {
    return this.#home.jobs.readDefinitions(ids);
  }

  async listIds(offset: number, limit: number): Promise<string[]> {
    const others = await this.#queues.others();
    if (others.size === 0) return this.#home.jobs.listIds(offset, limit);
    const engines = [this.#home, ...others.values()];
    const lists = await Promise.all(
      engines.map(({ directory }) => directory.firstDue(offset + limit)),
    );
    return mergeDue(lists).slice(offset, offset + limit);
  }

  async count(): Promise<number> {
    const [count, others] = await Promise.all([this.#home.jobs.count(), this.#queues.others()]);
    const more = await Promise.all([...others.values()].map(({ jobs }) => jobs.count()));
    return more.reduce((sum, each) => sum + each, count);
  }
}
