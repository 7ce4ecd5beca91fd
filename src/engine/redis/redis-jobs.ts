import type { StoredJob } from "../../jobs/definition.ts";
import type { Scope } from "../../jobs/scope.ts";
import * as codec from "../codec/decision-codec.ts";
import { readOne } from "../codec/readable.ts";
import { toJson } from "../codec/stored-json.ts";
import type * as Port from "../port/jobs.ts";
import { decodeDefinitions, decodeJob, encodeDefinition } from "./job-codec.ts";
import { RedisJobLists } from "./redis-job-lists.ts";
import { JobPuts } from "./job-puts.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** Stored jobs on Redis. */
export class RedisJobs implements Port.JobsPort {
  readonly #calls: RedisCalls;
  readonly #puts: JobPuts;
  readonly #lists: RedisJobLists;

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

  async get(ids: readonly string[]): Promise<(StoredJob | undefined)[]> {
    if (ids.length === 0) return [];
    const replies = await this.#calls.bounded("getJobs", () => this.#read(ids));
    const definitions = replies[0] as (string | null)[];
    const found = ids.map((_, i): Reading => ({
      definition: definitions[i],
      hash: replies[1 + 2 * i] as Record<string, string>,
      running: Number(replies[2 + 2 * i]),
    }));
    const again = await this.#readAgain(ids.filter((_, i) => found[i]?.hash["sk"]));
    return ids.map((id, i) => this.#decode(id, again.get(id) ?? found[i]));
  }

  #decode(id: string, reading: Reading | undefined): StoredJob | undefined {
    const { definition, hash = {}, running = 0, skips } = reading ?? {};
    if (!definition || !hash["rev"]) return undefined;
    const read = () => decodeJob(id, definition, hash, running, skips);
    return readOne(`definition of job "${id}"`, read, this.#calls.tell);
  }

  async #read(ids: readonly string[]): Promise<unknown[]> {
    const { redis } = this.#calls;
    const pipeline = redis.pipeline().hmget(this.#calls.key("defs"), ...ids);
    for (const id of ids)
      pipeline.hgetall(this.#calls.key(`job:${id}`)).hlen(this.#calls.key(`running:${id}`));
    return repliesOf(await pipeline.exec());
  }

  /** Jobs with their skips, which few have. Both are of one moment. */
  async #readAgain(ids: readonly string[]): Promise<ReadonlyMap<string, Reading>> {
    const read = ids.map((id) => this.#calls.bounded("getJobs", () => this.#readWithSkips(id)));
    return new Map(await Promise.all(read));
  }

  async #readWithSkips(id: string): Promise<readonly [string, Reading]> {
    const { redis } = this.#calls;
    const key = (name: string): string => this.#calls.key(name);
    const [definition, hash, running, skips] = repliesOf(
      await redis
        .multi()
        .hget(key("defs"), id)
        .hgetall(key(`job:${id}`))
        .hlen(key(`running:${id}`))
        .zrange(key(`skips:${id}`), 0, -1)
        .exec(),
    ) as [string | null, Record<string, string>, number, string[]];
    return [id, { definition, hash, running, skips }];
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

/** A job as it was read. */
interface Reading {
  readonly definition: string | null | undefined;
  readonly hash: Record<string, string>;
  readonly running: number;
  readonly skips?: readonly string[];
}

function repliesOf(answers: readonly (readonly [Error | null, unknown])[] | null): unknown[] {
  return (answers ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}
