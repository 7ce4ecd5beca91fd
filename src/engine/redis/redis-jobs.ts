import type { StoredJob } from "../../jobs/definition.ts";
import type { Scope } from "../../jobs/scope.ts";
import { SharedReads } from "../calls/shared-reads.ts";
import * as codec from "../codec/decision-codec.ts";
import { toJson } from "../codec/stored-json.ts";
import type * as Port from "../port/jobs.ts";
import { decodeDefinitions, decodeJobs, encodeDefinition } from "./job-codec.ts";
import { RedisJobLists } from "./redis-job-lists.ts";
import { JobPuts } from "./job-puts.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** Jobs a call. */
const READ_CHUNK = 100;

/** Stored jobs on Redis. */
export class RedisJobs implements Port.JobsPort {
  readonly #calls: RedisCalls;
  readonly #puts: JobPuts;
  readonly #lists: RedisJobLists;
  readonly #reads = new SharedReads((ids) => this.#getAll(ids));

  constructor(calls: RedisCalls) {
    this.#calls = calls;
    this.#puts = new JobPuts(calls);
    this.#lists = new RedisJobLists(calls);
  }

  put(puts: readonly Port.JobPut[]): Promise<Port.JobPutResult[]> {
    return this.#puts.put(puts);
  }

  async change(change: Port.JobChange): Promise<Port.JobChangeResult> {
    const encoded = toJson(codec.encodeChange(change, encodeDefinition));
    return codec.decodeChange(await this.#calls.run("change_job", { change: encoded }));
  }

  async remove(removal: Port.JobRemoval): Promise<Port.JobRemovalResult> {
    const encoded = toJson(codec.encodeRemoval(removal, encodeDefinition));
    const answer = await this.#calls.run("remove_job", { removal: encoded });
    return answer === "removed" || answer === "undecided" ? answer : "missing";
  }

  async changeSkip(request: Port.SkipRequest): Promise<Port.SkipOutcome> {
    return codec.decodeSkip(await this.#calls.run("change_skip", { request: toJson(request) }));
  }

  get(ids: readonly string[]): Promise<(StoredJob | undefined)[]> {
    return this.#reads.read(ids);
  }

  /** A part a call, since the server does nothing else meanwhile. */
  async #getAll(ids: readonly string[]): Promise<(StoredJob | undefined)[]> {
    const parts = Array.from({ length: Math.ceil(ids.length / READ_CHUNK) }, (_, i) =>
      this.#getSome(ids.slice(i * READ_CHUNK, (i + 1) * READ_CHUNK)),
    );
    return (await Promise.all(parts)).flat();
  }

  async #getSome(ids: readonly string[]): Promise<(StoredJob | undefined)[]> {
    const answer = await this.#calls.run("read_jobs", {}, ids);
    return decodeJobs(ids, answer, this.#calls.tell);
  }

  async readDefinitions(ids: readonly string[]): Promise<(Port.StoredDefinition | undefined)[]> {
    if (ids.length === 0) return [];
    const answer = await this.#calls.run("read_definitions", {}, ids);
    return decodeDefinitions(ids, answer, this.#calls.tell);
  }

  list(query: Port.JobListQuery, scope: Scope): Promise<Port.JobListPage> {
    return this.#lists.list(query, scope);
  }

  tally(query: Port.JobCountQuery, scope: Scope): Promise<Port.JobCounts> {
    return this.#lists.tally(query, scope);
  }

  count(): Promise<number> {
    return this.#calls.bounded("countJobs", () => this.#calls.redis.zcard(this.#calls.key("next")));
  }
}
