import type {
  BackfillPlan,
  BackfillState,
  LogLine,
  LogPage,
  LogQuery,
  LogWrite,
  RunHold,
  StepRecord,
} from "../port/engine.ts";
import { countsOf } from "./job-codec.ts";
import { decodeSteps, encodeLogs, encodeStep } from "../codec/steps-and-logs.ts";
import { readEach, type Tell } from "../codec/readable.ts";
import { toJson } from "../codec/stored-json.ts";
import type { RedisClient } from "./redis-client.ts";
import type { ScriptRunner } from "./scripts.ts";

/** Lines of the log of one call; longer writes are sent in parts. */
const LINES = 500;

/** What runs leave behind while they are executed: steps and logs. */
export class RunStore {
  readonly #redis: RedisClient;
  readonly #scripts: ScriptRunner;
  readonly #prefix: string;
  readonly #tell: Tell;

  constructor(redis: RedisClient, scripts: ScriptRunner, prefix: string, tell: Tell) {
    this.#redis = redis;
    this.#scripts = scripts;
    this.#prefix = prefix;
    this.#tell = tell;
  }

  async saveStep(hold: RunHold, step: StepRecord): Promise<"saved" | "fenced" | "too-many"> {
    const encoded = toJson(encodeStep(hold, step));
    const answer = await this.#scripts.run("save_step", { step: encoded });
    return answer === "saved" || answer === "too-many" ? answer : "fenced";
  }

  async steps(runId: string): Promise<StepRecord[]> {
    return decodeSteps(await this.#redis.hvals(`${this.#prefix}steps:${runId}`), this.#tell);
  }

  async appendLogs(writes: readonly LogWrite[]): Promise<void> {
    const parts = writes.flatMap((write) =>
      Array.from({ length: Math.ceil(write.lines.length / LINES) }, (_, i) => ({
        ...write,
        lines: write.lines.slice(i * LINES, (i + 1) * LINES),
      })),
    );
    for (const part of parts) {
      await this.#scripts.run("append_logs", { writes: toJson(encodeLogs([part])) });
    }
  }

  async logs({ runId, after, limit }: LogQuery): Promise<LogPage> {
    const from = after === undefined ? 0 : Number(after);
    if (!Number.isSafeInteger(from) || from < 0) return { lines: [], cursor: after };
    const texts = await this.#redis.lrange(`${this.#prefix}log:${runId}`, from, from + limit - 1);
    const read = (text: string) => JSON.parse(text) as LogLine;
    const lines = readEach(texts, "line of a log", read, this.#tell);
    return { lines, cursor: texts.length === 0 ? after : String(from + texts.length) };
  }

  async addBackfill(plan: BackfillPlan): Promise<"added" | "conflict" | "missing"> {
    const answer = await this.#scripts.run("add_backfill", { plan: toJson(plan) });
    return answer === "added" || answer === "conflict" ? answer : "missing";
  }

  async changeBackfill(
    jobId: string,
    change: "pause" | "resume" | "cancel",
  ): Promise<"changed" | "missing"> {
    const answer = await this.#scripts.run("change_backfill", { jobId, change });
    return answer === "changed" ? answer : "missing";
  }

  async backfill(jobId: string): Promise<BackfillState | undefined> {
    const replies = await this.#redis
      .pipeline()
      .hgetall(`${this.#prefix}bf:${jobId}`)
      .zcard(`${this.#prefix}bfq:${jobId}`)
      .hlen(`${this.#prefix}bfask:${jobId}`)
      .hlen(`${this.#prefix}bfrun:${jobId}`)
      .exec();
    const [hash, queued, asked, running] = (replies ?? []).map(([error, reply]) => {
      if (error) throw error;
      return reply;
    });
    const stored = hash as Record<string, string>;
    if (!stored["id"]) return undefined;
    return {
      backfillId: stored["id"],
      state: stored["st"] as BackfillState["state"],
      total: Number(stored["total"]),
      waiting: Number(queued) + Number(asked),
      running: Number(running),
      verdicts: countsOf(stored),
      concurrency: Number(stored["con"]),
      order: stored["or"] === "latest" ? "latest" : "oldest",
      createdAt: Number(stored["at"]),
    };
  }

  async deleteLogs(jobId: string, before: number): Promise<number> {
    return Number(await this.#scripts.run("delete_logs", { jobId, before: Math.trunc(before) }));
  }
}
