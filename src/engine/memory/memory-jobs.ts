import type { StoredJob } from "../../jobs/definition.ts";
import {
  changeJob,
  listJobs,
  changeSkip,
  type PutAnswer,
  putJobs,
  removeJob,
  storedJob,
  tallyJobs,
} from "../../jobs/decide.ts";
import type { Scope } from "../../jobs/scope.ts";
import { readOne } from "../codec/readable.ts";
import type * as Port from "../port/jobs.ts";
import { asSent, copyOf } from "./as-sent.ts";
import { JobOrder } from "./job-order.ts";
import type { MemoryLink } from "./memory-link.ts";

/** Stored jobs in memory. */
export class MemoryJobs implements Port.JobsPort {
  readonly #link: MemoryLink;
  readonly #orders = { "next-run": new JobOrder("next-run"), id: new JobOrder("id") } as const;

  constructor(link: MemoryLink) {
    this.#link = link;
  }

  async put(puts: readonly Port.JobPut[]): Promise<Port.JobPutResult[]> {
    const sent = puts.map((put) => asSent(put, "definition"));
    const answers = this.#link.step((step) => putJobs(step, sent));
    return answers.map((answer) => copyOf(unclaimed(answer)));
  }

  async change(change: Port.JobChange): Promise<Port.JobChangeResult> {
    return this.#link.step((step) => changeJob(step, asSent(change, "definition")));
  }

  async remove(removal: Port.JobRemoval): Promise<Port.JobRemovalResult> {
    return this.#link.step((step) => removeJob(step, asSent(removal)));
  }

  async changeSkip(request: Port.SkipRequest): Promise<Port.SkipOutcome> {
    return this.#link.step((step) => changeSkip(step, asSent(request)));
  }

  async get(ids: readonly string[]): Promise<(StoredJob | undefined)[]> {
    const { state } = this.#link.ready();
    return ids.map((id) => {
      const entry = state.jobs.get(id);
      const read = () => entry && copyOf(storedJob(state, entry));
      return readOne(`definition of job "${id}"`, read, this.#link.options.onError);
    });
  }

  readDefinitions(ids: readonly string[]): Promise<(Port.StoredDefinition | undefined)[]> {
    return this.get(ids);
  }

  async list(query: Port.JobListQuery, scope: Scope): Promise<Port.JobListPage> {
    return listJobs(this.#orders[query.order].of(this.#link.ready().state), query, scope);
  }

  async tally(query: Port.JobCountQuery, scope: Scope): Promise<Port.JobCounts> {
    return tallyJobs(this.#link.ready().state.jobs.values(), query, scope);
  }

  async count(): Promise<number> {
    return this.#link.ready().state.jobs.size;
  }
}

/** Only an answer about a claim says that it is void. */
function unclaimed(answer: PutAnswer): Port.JobPutResult {
  return answer.outcome === "void" ? { outcome: "exists" } : (answer as Port.JobPutResult);
}
