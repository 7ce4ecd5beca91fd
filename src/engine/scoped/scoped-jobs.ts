import type { StoredJob } from "../../jobs/definition.ts";
import type { Engine } from "../port/engine.ts";
import type { JobsPort } from "../port/jobs.ts";
import type * as Port from "../port/jobs.ts";
import type { Scope } from "../../jobs/scope.ts";
import type { Access } from "./access.ts";

/** The jobs that somebody sees. */
export class ScopedJobs implements JobsPort {
  readonly #engine: Pick<Engine, "jobs">;
  readonly #access: Access;

  constructor(engine: Pick<Engine, "jobs">, access: Access) {
    this.#engine = engine;
    this.#access = access;
  }

  async put(puts: readonly Port.JobPut[]): Promise<Port.JobPutResult[]> {
    for (const { definition } of puts)
      this.#access.requireChange(definition.owner, `add job "${definition.id}"`);
    const results = await this.#engine.jobs.put(puts);
    const unread = puts.flatMap(({ definition: { id } }, i) =>
      results[i]?.outcome === "created" || results[i]?.job ? [] : [id],
    );
    const stored = unread.length === 0 ? [] : await this.#engine.jobs.get(unread);
    const known = new Map(unread.map((id, i) => [id, stored[i]]));
    return results.map((result, i) => {
      const job = result.job ?? known.get(puts[i]?.definition.id ?? "");
      if (!job) return result;
      const seen = this.#access.asSeen(job);
      if (!seen) return { outcome: "taken" };
      return result.job ? withJob(result, seen) : result;
    });
  }

  async change(change: Port.JobChange): Promise<Port.JobChangeResult> {
    const { jobId, definition } = change;
    const { scope } = this.#access;
    const isGivenAway = definition !== undefined && !this.#access.mayChange(definition.owner);
    const changing: Promise<Port.JobChangeResult> = isGivenAway
      ? Promise.resolve({ outcome: "missing" })
      : this.#engine.jobs.change({ ...change, scope });
    const isMissing = ({ outcome }: Port.JobChangeResult): boolean => outcome === "missing";
    const result = await this.#access.told(jobId, changing, isMissing);
    // Of a job that is not seen, not even that is told.
    if (isGivenAway && (await this.#access.job(jobId)))
      this.#access.requireChange(definition.owner, `give job "${jobId}" away`);
    return result;
  }

  remove(removal: Port.JobRemoval): Promise<Port.JobRemovalResult> {
    const { scope } = this.#access;
    return this.#access.told(removal.jobId, this.#engine.jobs.remove({ ...removal, scope }));
  }

  changeSkip(request: Port.SkipRequest): Promise<Port.SkipOutcome> {
    const { scope } = this.#access;
    return this.#access.told(request.jobId, this.#engine.jobs.changeSkip({ ...request, scope }));
  }

  async get(ids: readonly string[]): Promise<(StoredJob | undefined)[]> {
    const jobs = await this.#engine.jobs.get(ids);
    return jobs.map((job) => job && this.#access.asSeen(job));
  }

  async readDefinitions(ids: readonly string[]): Promise<(Port.StoredDefinition | undefined)[]> {
    return this.get(ids);
  }

  /** @param scope Ignored: this is about what may be seen. */
  list(query: Port.JobListQuery, _scope?: Scope): Promise<Port.JobListPage> {
    return this.#engine.jobs.list(query, this.#access.sees);
  }

  tally(query: Port.JobCountQuery, _scope?: Scope): Promise<Port.JobCounts> {
    return this.#engine.jobs.tally(query, this.#access.sees);
  }

  /** How many are visible. */
  async count(): Promise<number> {
    return (await this.tally({ filter: {}, by: undefined })).total;
  }
}

function withJob(result: Port.JobPutResult, job: StoredJob): Port.JobPutResult {
  return { ...result, job };
}
