import { CHANGE_LISTS } from "../../jobs/noted-change.ts";
import type { Scope } from "../../jobs/scope.ts";
import { seenRevisions } from "../../jobs/seen-changes.ts";
import { decodeNoted, decodeRevisions } from "../codec/changes-codec.ts";
import { readRemovedCursor, type RemovedJob, removedPage } from "../codec/removed-jobs.ts";
import { listPage, mergeChanges } from "../codec/merge-changes.ts";
import { toJson } from "../codec/stored-json.ts";
import type * as Port from "../port/changes.ts";
import { parseDefinition } from "./definition-text.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** Removed jobs whose ledgers end in the same millisecond, at most. */
const TIES = 1_000;

/** What was changed, on Redis. */
export class RedisChanges implements Port.ChangesPort {
  readonly #calls: RedisCalls;

  constructor(calls: RedisCalls) {
    this.#calls = calls;
  }

  async read(
    scope: Scope,
    cursor: Port.ChangesCursor | undefined,
    limit: number,
  ): Promise<Port.ChangesPage> {
    const pages = CHANGE_LISTS.map(async (list) => {
      const before = cursor?.[list];
      const asked = { list, before: before ?? "", limit };
      const [last, texts] = (await this.#calls.run("read_changes", asked)) as [number, string[]];
      const changes = texts.map((text) => decodeNoted(text, this.#calls.tell));
      return listPage(list, last, before, changes);
    });
    return mergeChanges(scope, await Promise.all(pages), limit);
  }

  async readRevisions(scope: Scope, jobId: string): Promise<Port.JobRevisions> {
    const key = this.#calls.key(`revisions:${jobId}`);
    const { redis } = this.#calls;
    const texts = await this.#calls.bounded("readRevisions", () => redis.lrange(key, 0, -1));
    // Digests are kept with the job alone: nothing is compared with what was declared before.
    const known = { id: jobId, declared: { all: "unknown", schedule: "unknown" } };
    const parse = (text: string) => parseDefinition(text, known);
    return seenRevisions(scope, decodeRevisions(jobId, texts, parse, this.#calls.tell));
  }

  async listRemoved(cursor: string | undefined, limit: number): Promise<Port.RemovedJobs> {
    const { endsAt } = readRemovedCursor(cursor);
    const key = this.#calls.key("gone");
    const from = Math.max(endsAt, await this.#calls.now());
    // Those that end at the same instant as the last one come again.
    const flat = await this.#calls.bounded("listRemoved", () =>
      this.#calls.redis.zrangebyscore(key, from, "+inf", "WITHSCORES", "LIMIT", 0, limit + TIES),
    );
    const all: RemovedJob[] = [];
    for (let i = 0; i < flat.length; i += 2)
      all.push({ id: flat[i] ?? "", endsAt: Number(flat[i + 1]) });
    return removedPage(all, cursor, limit);
  }

  async note(change: Omit<Port.NotedChange, "at">): Promise<void> {
    await this.#calls.run("note_change", { change: toJson(change) });
  }
}
