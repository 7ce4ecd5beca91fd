import type { StoredJob } from "../../jobs/definition.ts";
import { mergePages, sumCounts } from "../../jobs/merge-lists.ts";
import { DEFAULT_QUEUE } from "../../jobs/queue.ts";
import type { Scope } from "../../jobs/scope.ts";
import type * as Port from "../port/jobs.ts";
import type { QueueEngine } from "../port/queue-engine.ts";
import type { JobClaims } from "./job-claims.ts";
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

  changeSkip(request: Port.SkipRequest): Promise<Port.SkipOutcome> {
    return this.#queues.ofJob(
      request.jobId,
      ({ jobs }) => jobs.changeSkip(request),
      (outcome) => outcome === "missing",
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

  async list(query: Port.JobListQuery, scope: Scope): Promise<Port.JobListPage> {
    const { queue, ...filter } = query.filter;
    const engines = await this.#queuesOf(queue);
    const ask = { ...query, filter };
    const pages = await Promise.all(engines.map(({ jobs }) => jobs.list(ask, scope)));
    const [only] = pages;
    return only && pages.length === 1 ? only : mergePages(pages, query);
  }

  async tally(query: Port.JobCountQuery, scope: Scope): Promise<Port.JobCounts> {
    const { queue, ...filter } = query.filter;
    const engines = await this.#queuesOf(queue);
    const ask = { ...query, filter };
    return sumCounts(await Promise.all(engines.map(({ jobs }) => jobs.tally(ask, scope))));
  }

  async count(): Promise<number> {
    const [count, others] = await Promise.all([this.#home.jobs.count(), this.#queues.others()]);
    const more = await Promise.all([...others.values()].map(({ jobs }) => jobs.count()));
    return more.reduce((sum, each) => sum + each, count);
  }

  /** The engines of all queues, or of one, if there is such a queue. */
  async #queuesOf(queue: string | undefined): Promise<readonly QueueEngine[]> {
    if (queue === DEFAULT_QUEUE) return [this.#home];
    const others = await this.#queues.others();
    if (queue === undefined) return [this.#home, ...others.values()];
    const engine = others.get(queue);
    return engine ? [engine] : [];
  }
}
