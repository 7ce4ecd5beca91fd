import type { Actor } from "../../jobs/actor.ts";
import type { Scoped } from "../../jobs/scope.ts";
import { toJson } from "../codec/stored-json.ts";
import type {
  BackfillChange,
  BackfillPlan,
  BackfillsPort,
  BackfillState,
} from "../port/backfills.ts";
import { countsOf } from "./job-codec.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** Backfills on Redis. */
export class RedisBackfills implements BackfillsPort {
  readonly #calls: RedisCalls;

  constructor(calls: RedisCalls) {
    this.#calls = calls;
  }

  async add(plan: BackfillPlan): Promise<"added" | "conflict" | "missing"> {
    const answer = await this.#calls.run("add_backfill", { plan: toJson(plan) });
    return answer === "added" || answer === "conflict" ? answer : "missing";
  }

  async change(
    jobId: string,
    change: BackfillChange,
    by: Actor,
    scope?: Scoped["scope"],
  ): Promise<"changed" | "missing"> {
    const request = toJson({ jobId, change, by, scope });
    const answer = await this.#calls.run("change_backfill", { request });
    return answer === "changed" ? answer : "missing";
  }

  async read(jobId: string): Promise<BackfillState | undefined> {
    const replies = await this.#calls.bounded("readBackfill", () => this.#read(jobId));
    const [hash, times, queueJobs, running] = replies;
    const stored = hash as Record<string, string>;
    if (!stored["id"]) return undefined;
    return {
      backfillId: stored["id"],
      state: stored["st"] as BackfillState["state"],
      total: Number(stored["total"]),
      waiting: Number(times) + Number(queueJobs),
      running: Number(running),
      verdicts: countsOf(stored),
      concurrency: Number(stored["con"]),
      order: stored["or"] === "latest" ? "latest" : "oldest",
      createdAt: Number(stored["at"]),
    };
  }

  async #read(jobId: string): Promise<unknown[]> {
    const replies = await this.#calls.redis
      .pipeline()
      .hgetall(this.#calls.key(`backfill:${jobId}`))
      .zcard(this.#calls.key(`backfill-times:${jobId}`))
      .hlen(this.#calls.key(`backfill-jobs:${jobId}`))
      .hlen(this.#calls.key(`backfill-running:${jobId}`))
      .exec();
    return (replies ?? []).map(([error, reply]) => {
      if (error) throw error;
      return reply;
    });
  }
}
