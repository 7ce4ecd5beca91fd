import type { EpochMs } from "../../core/clock.ts";
import type { Scoped } from "../../jobs/scope.ts";
import type { LogPage, LogQuery, LogsPort, LogWrite } from "../port/logs.ts";
import type { Queues } from "./queues.ts";

/** The logs of runs: appended on the default queue, read from all. */
export class MultiQueueLogs implements LogsPort {
  readonly #queues: Queues;

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  append(writes: readonly LogWrite[]): Promise<void> {
    return this.#queues.home.logs.append(writes);
  }

  read(query: LogQuery): Promise<LogPage> {
    return this.#queues.first(
      ({ logs }) => logs.read(query),
      ({ lines }) => lines.length > 0,
    );
  }

  async delete(jobId: string, before: EpochMs, scope?: Scoped["scope"]): Promise<number> {
    const engines = [this.#queues.home, ...(await this.#queues.others()).values()];
    const deleted = await Promise.all(engines.map(({ logs }) => logs.delete(jobId, before, scope)));
    return deleted.reduce((sum, each) => sum + each, 0);
  }
}
