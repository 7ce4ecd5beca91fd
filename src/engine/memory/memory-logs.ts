import type { EpochMs } from "../../core/clock.ts";
import { readEach } from "../codec/readable.ts";
import { encodeLog } from "../codec/steps-and-logs.ts";
import type { LogLine, LogPage, LogQuery, LogsPort, LogWrite } from "../port/logs.ts";
import { findJob } from "../../jobs/decide/step.ts";
import type { Scoped } from "../../jobs/scope.ts";
import type { MemoryLink, MemoryStore } from "./memory-link.ts";

/** Logs that one new log may push out: more than arrive, so that it catches up, but bounded. */
const MAX_GONE = 100;
/** Logs that one call deletes. */
const MAX_DELETED = 500;

/** The logs of runs in memory: lines under their numbers, by which pages begin. */
export class MemoryLogs implements LogsPort {
  readonly #link: MemoryLink;

  constructor(link: MemoryLink) {
    this.#link = link;
  }

  async append(writes: readonly LogWrite[]): Promise<void> {
    const store = this.#link.ready();
    for (const write of writes) this.#write(store, write);
  }

  async read({ runId, after, limit }: LogQuery): Promise<LogPage> {
    const texts = this.#link.ready().logs.find(runId)?.texts ?? new Map<string, string>();
    const from = after === undefined ? 0 : Number(after);
    if (!Number.isSafeInteger(from) || from < 0) return { lines: [], cursor: after };
    const rows: [string, string][] = [];
    for (const row of texts) {
      if (rows.length >= limit) break;
      if (Number(row[0]) > from) rows.push(row);
    }
    const { onError } = this.#link.options;
    return {
      lines: readEach(rows, "line of a log", ([, text]) => JSON.parse(text) as LogLine, onError),
      cursor: rows.at(-1)?.[0] ?? after,
    };
  }

  async delete(jobId: string, before: EpochMs, scope?: Scoped["scope"]): Promise<number> {
    const { logs, state } = this.#link.ready();
    if (scope && !findJob({ state }, { jobId, scope })) return 0;
    const gone = logs.ofJob(jobId).filter(({ at }) => at < before);
    logs.drop(gone.slice(0, MAX_DELETED));
    return Math.min(gone.length, MAX_DELETED);
  }

  #write({ logs }: MemoryStore, write: LogWrite): void {
    const { jobId, runId, maxBytes, retention } = write;
    const now = this.#link.now();
    const { lines, cut } = encodeLog(write);
    const known = logs.find(runId);
    // By when the logs began: a past fire time that is run now has a young log.
    const log = known ?? logs.begin({ jobId, runId, order: now, at: now });
    if (log.bytes < 0) return;
    for (const line of lines) {
      const bytes = Buffer.byteLength(line);
      const isFull = log.bytes + bytes > maxBytes;
      log.texts.set(String(log.texts.size + 1), isFull ? cut : line);
      log.bytes = isFull ? -1 : log.bytes + bytes;
      if (isFull) break;
    }
    if (known) return;
    const runs = logs.ofJob(jobId);
    const excess = runs.slice(0, Math.max(0, runs.length - retention.runs)).slice(0, MAX_GONE);
    const old = runs.filter(({ at }) => at < now - retention.ageMs).slice(0, MAX_GONE);
    logs.drop([...new Set([...excess, ...old])]);
  }
}
