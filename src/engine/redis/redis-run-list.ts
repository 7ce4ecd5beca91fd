import type { EpochMs } from "../../core/clock.ts";
import type { LedgerRow } from "../../jobs/ledger-row.ts";
import { parseQueueJobId, type QueueJobKind } from "../../jobs/occurrence-id.ts";
import {
  decidedAtOf,
  isListed,
  type ListedJob,
  type ListedRun,
  placeOf,
  type RunList,
  type RunListQuery,
  type RunPlace,
} from "../../jobs/run-list.ts";
import { isVisible, type Scope } from "../../jobs/scope.ts";
import type { Verdict } from "../../jobs/verdict.ts";
import { readEach } from "../codec/readable.ts";
import { parseDefinition } from "./definition-text.ts";
import { decodeRow } from "./ledger-codec.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** As in `events.lua`: how far apart the decisions of one entry are, and how many entries are kept. */
const SPREAD_MS = 100;
const MAX_ENTRIES = 50_000;
/** A run's end is rounded to whole milliseconds, and may lie this much after the call that stored it. */
const ROUNDED_MS = 2;
/** Entries a command. */
const ENTRIES = 200;
/** Rows that are looked up at once. */
const ROWS = 100;
/** What one call looks at: entries, and rows in ledgers. */
const MAX_LOOKED = { entries: 10_000, rows: 2_000 } as const;

const VERDICT_OF: Readonly<Record<string, Verdict>> = {
  s: "succeeded",
  f: "failed",
  c: "cancelled",
  m: "missed",
  o: "coalesced",
  k: "skipped",
};
const KIND_OF: Readonly<Partial<Record<QueueJobKind, LedgerRow["kind"]>>> = {
  occurrence: "scheduled",
  manual: "manual",
  backfill: "backfill",
};

/** A decision as it is listed; its row may be gone. */
interface Decision extends RunPlace {
  readonly verdict: Verdict;
  readonly jobId: string;
  readonly fireAt: EpochMs;
}

/** One call that lists the decisions of a queue. */
export class RedisRunList {
  readonly #calls: RedisCalls;
  readonly #query: RunListQuery;
  readonly #scope: Scope;
  readonly #before: RunPlace | undefined;
  readonly #jobs = new Map<string, ListedJob | undefined>();
  readonly #runs: ListedRun[] = [];
  #looked = 0;
  #lookedAt = 0;

  constructor(calls: RedisCalls, query: RunListQuery, scope: Scope) {
    this.#calls = calls;
    this.#query = query;
    this.#scope = scope;
    this.#before = query.before === undefined ? undefined : placeOf(query.before);
  }

  async read(): Promise<RunList> {
    const { redis } = this.#calls;
    const key = this.#calls.key("decided");
    const [count, oldest, next] = await Promise.all([
      redis.zcard(key),
      redis.zrange(key, 0, 0, "WITHSCORES"),
      this.#scan(key),
    ]);
    const since = count >= MAX_ENTRIES ? Number(oldest[1]) : undefined;
    return { runs: this.#runs, next, since };
  }

  /** @returns up to where it looked; nothing at the end */
  async #scan(key: string): Promise<string | undefined> {
    const { fromAt, toAt } = this.#query;
    const { redis } = this.#calls;
    const top = Math.min(toAt, this.#before?.at ?? toAt) + SPREAD_MS;
    // Decisions that may stand behind others of entries that were not read yet.
    let open: Decision[] = [];
    const seen = new Set<string>();
    for (let at = 0; at < MAX_LOOKED.entries;) {
      const range = ["LIMIT", at, ENTRIES] as const;
      const flat = await redis.zrevrangebyscore(
        key,
        top,
        fromAt - ROUNDED_MS,
        "WITHSCORES",
        ...range,
      );
      for (let i = 0; i < flat.length; i += 2) {
        const entry = flat[i] ?? "";
        // New ones may have moved it.
        if (seen.has(entry)) continue;
        seen.add(entry);
        open.push(...this.#decisionsOf(entry, Number(flat[i + 1])));
      }
      at += flat.length / 2;
      const isEnd = flat.length < 2 * ENTRIES;
      const upTo = isEnd ? -Infinity : Number(flat.at(-1)) + ROUNDED_MS;
      open.sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
      const first = open.findIndex((decision) => decision.at <= upTo);
      const ready = first < 0 ? open : open.slice(0, first);
      open = first < 0 ? [] : open.slice(first);
      const next = await this.#take(ready);
      if (next !== undefined) return next;
      if (isEnd) return undefined;
      if (at >= MAX_LOOKED.entries) return `${upTo + 1}:`;
    }
    return undefined;
  }

  #decisionsOf(entry: string, score: EpochMs): Decision[] {
    return entry.split("\n").flatMap((line): Decision[] => {
      const blank = line.indexOf(" ");
      const id = line.slice(blank + 1);
      const verdict = VERDICT_OF[line.charAt(0)];
      const run = parseQueueJobId(id);
      if (!verdict || !run) return [];
      const decision = {
        at: score - Number(line.slice(1, blank)),
        id,
        verdict,
        jobId: run.jobId,
        fireAt: run.fireAt,
      };
      return this.#mayBeWanted(decision, run.kind) ? [decision] : [];
    });
  }

  /** By what the list itself says. */
  #mayBeWanted({ at, id, verdict, jobId }: Decision, kind: QueueJobKind): boolean {
    const { fromAt, toAt, verdicts, ...query } = this.#query;
    const before = this.#before;
    if (at < fromAt || at > toAt) return false;
    if (before && (at > before.at || (at === before.at && id >= before.id))) return false;
    if (verdicts && !verdicts.includes(verdict)) return false;
    if (query.reason !== undefined && verdict !== "skipped") return false;
    if (query.kind !== undefined && KIND_OF[kind] !== query.kind) return false;
    return query.jobId === undefined || query.jobId === jobId;
  }

  /** Looks up the rows of decisions in their order. @returns where to continue, if there is enough for this call */
  async #take(decisions: readonly Decision[]): Promise<string | undefined> {
    for (let at = 0; at < decisions.length; at += ROWS) {
      const some = decisions.slice(at, at + ROWS);
      const rows = await this.#rowsOf(some);
      await this.#learnJobs(some);
      for (const [i, decision] of some.entries()) {
        const row = rows[i];
        // A place names no run that the reader may not see: it lies between two instants.
        if (this.#looked >= MAX_LOOKED.rows && decision.at !== this.#lookedAt)
          return `${this.#lookedAt}:`;
        this.#looked += 1;
        this.#lookedAt = decision.at;
        const place = `${decision.at}:${decision.id}`;
        const { jobId } = decision;
        if (
          row &&
          isVisible(this.#scope, row.owner) &&
          isListed(this.#query, jobId, row, () => this.#jobs.get(jobId))
        )
          this.#runs.push({ jobId, row, place });
        if (this.#runs.length >= this.#query.limit) return place;
      }
    }
    return undefined;
  }

  /** The rows that are still there. */
  async #rowsOf(decisions: readonly Decision[]): Promise<(LedgerRow | undefined)[]> {
    const { redis, tell } = this.#calls;
    const found = await Promise.all(
      decisions.map(({ jobId, fireAt }) =>
        redis.zrangebyscore(this.#calls.key(`ledger:${jobId}`), fireAt, fireAt),
      ),
    );
    return decisions.map(({ id, jobId, at }, i) =>
      readEach(found[i] ?? [], `row of the ledger of job "${jobId}"`, decodeRow, tell).find(
        (row) => row.id === id && decidedAtOf(row) === at,
      ),
    );
  }

  async #learnJobs(decisions: readonly Decision[]): Promise<void> {
    if (this.#query.pipeline === undefined && this.#query.tag === undefined) return;
    const ids = [...new Set(decisions.map(({ jobId }) => jobId))].filter(
      (id) => !this.#jobs.has(id),
    );
    if (ids.length === 0) return;
    const texts = await this.#calls.redis.hmget(this.#calls.key("defs"), ...ids);
    const declared = { all: "", schedule: "" };
    for (const [i, id] of ids.entries()) {
      const [job] = readEach(
        [texts[i]].filter((text) => typeof text === "string"),
        `definition of job "${id}"`,
        (text) => parseDefinition(text, { id, declared }),
        this.#calls.tell,
      );
      this.#jobs.set(id, job);
    }
  }
}
