import type { EpochMs } from "../../core/clock.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";
import type { Scope } from "../../jobs/scope.ts";
import { readEach } from "../codec/readable.ts";
import type {
  LedgerCleaned,
  LedgerCleanup,
  LedgerPart,
  LedgerPort,
  LedgerQuery,
  LedgersQuery,
  OpenRunList,
  RunList,
  RunListQuery,
} from "../port/ledger.ts";
import { toJson } from "../codec/stored-json.ts";
import { decodeRow, rowOfQueued, rowOfRequest, rowOfRunning } from "./ledger-codec.ts";
import type { RedisCalls } from "./redis-calls.ts";
import { RedisRunList } from "./redis-run-list.ts";

/** What became of occurrences, on Redis: one sorted set per job. */
export class RedisLedger implements LedgerPort {
  readonly #calls: RedisCalls;

  constructor(calls: RedisCalls) {
    this.#calls = calls;
  }

  read(query: LedgerQuery): Promise<LedgerRow[]> {
    return this.#calls.bounded("readLedger", () => this.#read(query));
  }

  readOpenRuns(jobId: string): Promise<LedgerRow[]> {
    return this.#calls.bounded("readOpenRuns", () => this.#readOpenRuns(jobId));
  }

  readMany({ jobIds, ...range }: LedgersQuery): Promise<LedgerPart[]> {
    // Sent together.
    return this.#calls.bounded("readLedgers", () =>
      Promise.all(jobIds.map((jobId) => this.#readPart(jobId, range))),
    );
  }

  list(query: RunListQuery, scope: Scope): Promise<RunList> {
    return this.#calls.bounded("listRuns", () =>
      new RedisRunList(this.#calls, query, scope).read(),
    );
  }

  listOpen(after: string | undefined, maxJobs: number): Promise<OpenRunList> {
    return this.#calls.bounded("listOpenRuns", async () => {
      const live = await this.#calls.redis.smembers(this.#calls.key("live"));
      const page = live
        .filter((id) => after === undefined || id > after)
        .toSorted((a, b) => (a < b ? -1 : 1))
        .slice(0, maxJobs);
      const rows = await Promise.all(page.map((jobId) => this.#readOpenRuns(jobId)));
      const runs = page.flatMap((jobId, i) => (rows[i] ?? []).map((row) => ({ jobId, row })));
      return { runs, next: page.length === maxJobs ? page.at(-1) : undefined };
    });
  }

  async clean(cleanup: LedgerCleanup): Promise<LedgerCleaned> {
    const answer = await this.#calls.run("clean_ledger", { cleanup: toJson(cleanup) });
    return JSON.parse(String(answer)) as LedgerCleaned;
  }

  async cleanedTo(jobId: string): Promise<EpochMs | undefined> {
    const { redis } = this.#calls;
    const key = this.#calls.key(`cleaned:${jobId}`);
    const at = await this.#calls.bounded("cleanedTo", () => redis.get(key));
    return at === null ? undefined : Number(at);
  }

  async #read({ jobId, fromAt, toAt, offset, limit, order }: LedgerQuery): Promise<LedgerRow[]> {
    const { redis, tell } = this.#calls;
    const key = this.#calls.key(`ledger:${jobId}`);
    const rows: LedgerRow[] = [];
    // Unreadable rows are left out, and callers take a page that is not full as the last: so fill it.
    for (let at = offset; ;) {
      const wanted = limit - rows.length;
      const texts =
        order === "latest"
          ? await redis.zrevrangebyscore(key, toAt, fromAt, "LIMIT", at, wanted)
          : await redis.zrangebyscore(key, fromAt, toAt, "LIMIT", at, wanted);
      rows.push(...readEach(texts, `row of the ledger of job "${jobId}"`, decodeRow, tell));
      at += texts.length;
      if (texts.length < wanted || rows.length >= limit) return rows;
    }
  }

  async #readPart(
    jobId: string,
    { fromAt, toAt, limit }: Omit<LedgersQuery, "jobIds">,
  ): Promise<LedgerPart> {
    const { redis, tell } = this.#calls;
    const key = this.#calls.key(`ledger:${jobId}`);
    // In this order: a run that gets its verdict meanwhile is in one of them at least.
    const [open, texts] = await Promise.all([
      this.#readOpenRuns(jobId),
      redis.zrevrangebyscore(key, toAt, fromAt, "LIMIT", 0, limit + 1),
    ]);
    const what = `row of the ledger of job "${jobId}"`;
    const rows = readEach(texts.slice(0, limit), what, decodeRow, tell);
    return { rows, isAll: texts.length <= limit, open };
  }

  async #readOpenRuns(jobId: string): Promise<LedgerRow[]> {
    const { redis, tell } = this.#calls;
    const what = `run of job "${jobId}"`;
    const [running, backfillRunning, queued, requests] = await Promise.all([
      redis.hvals(this.#calls.key(`running:${jobId}`)),
      redis.hvals(this.#calls.key(`backfill-running:${jobId}`)),
      redis.zrange(this.#calls.key(`queued:${jobId}`), 0, -1),
      redis.hgetall(this.#calls.key(`requests:${jobId}`)),
    ]);
    return [
      ...readEach([...running, ...backfillRunning], what, rowOfRunning, tell),
      ...readEach(queued, what, rowOfQueued, tell),
      ...readEach(Object.entries(requests), what, ([id, text]) => rowOfRequest(id, text), tell),
    ];
  }
}
