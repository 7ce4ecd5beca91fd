import type { EpochMs } from "../../core/clock.ts";
import type { Scoped } from "../../jobs/scope.ts";
import { readEach, type Tell } from "../codec/readable.ts";
import { encodeLogs } from "../codec/steps-and-logs.ts";
import type { LogLine, LogPage, LogQuery, LogsPort, LogWrite } from "../port/logs.ts";
import type { PostgresLink } from "./postgres-link.ts";

/** The logs of runs on PostgreSQL: one row a line. */
export class PostgresLogs implements LogsPort {
  readonly #link: PostgresLink;
  readonly #tell: Tell;

  constructor(link: PostgresLink, tell: Tell) {
    this.#link = link;
    this.#tell = tell;
  }

  async append(writes: readonly LogWrite[]): Promise<void> {
    if (writes.length === 0) return;
    await this.#link.run("appendLogs", "append_logs", encodeLogs(writes));
  }

  async read({ runId, after, limit }: LogQuery): Promise<LogPage> {
    const from = after === undefined ? 0 : Number(after);
    if (!Number.isSafeInteger(from) || from < 0) return { lines: [], cursor: after };
    const rows = await this.#link.read<[number, string][]>(
      "readLogs",
      "read_logs($1, $2::bigint, $3::integer)",
      [runId, from, limit],
    );
    const last = rows.at(-1);
    return {
      lines: readEach(rows, "line of a log", ([, text]) => JSON.parse(text) as LogLine, this.#tell),
      cursor: last ? String(last[0]) : after,
    };
  }

  async delete(jobId: string, before: EpochMs, scope?: Scoped["scope"]): Promise<number> {
    const request = { jobId, before: Math.trunc(before), scope };
    return Number(await this.#link.run("deleteLogs", "delete_logs", request));
  }
}
