import type { EpochMs } from "../../core/clock.ts";
import type { Scoped } from "../../jobs/scope.ts";
import { readEach } from "../codec/readable.ts";
import { encodeLogs } from "../codec/steps-and-logs.ts";
import { toJson } from "../codec/stored-json.ts";
import type { LogLine, LogPage, LogQuery, LogsPort, LogWrite } from "../port/logs.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** Lines a script call; longer writes are sent in parts. */
const LINES = 500;

/** The logs of runs on Redis: one list a run. */
export class RedisLogs implements LogsPort {
  readonly #calls: RedisCalls;

  constructor(calls: RedisCalls) {
    this.#calls = calls;
  }

  append(writes: readonly LogWrite[]): Promise<void> {
    const { scripts } = this.#calls;
    const parts = writes.flatMap((write) =>
      Array.from({ length: Math.ceil(write.lines.length / LINES) }, (_, i) => ({
        ...write,
        lines: write.lines.slice(i * LINES, (i + 1) * LINES),
      })),
    );
    // One deadline for all parts.
    return this.#calls.bounded("appendLogs", async () => {
      for (const part of parts)
        await scripts.run("append_logs", { writes: toJson(encodeLogs([part])) });
    });
  }

  async read({ runId, after, limit }: LogQuery): Promise<LogPage> {
    const from = after === undefined ? 0 : Number(after);
    if (!Number.isSafeInteger(from) || from < 0) return { lines: [], cursor: after };
    const texts = await this.#calls.bounded("readLogs", () =>
      this.#calls.redis.lrange(this.#calls.key(`logs:${runId}`), from, from + limit - 1),
    );
    const read = (text: string) => JSON.parse(text) as LogLine;
    const lines = readEach(texts, "line of a log", read, this.#calls.tell);
    return { lines, cursor: texts.length === 0 ? after : String(from + texts.length) };
  }

  async delete(jobId: string, before: EpochMs, scope?: Scoped["scope"]): Promise<number> {
    const request = toJson({ jobId, before: Math.trunc(before), scope });
    return Number(await this.#calls.run("delete_logs", { request }));
  }
}
