import type { EpochMs } from "../../core/clock.ts";
import type { Scoped } from "../../jobs/scope.ts";

/** The logs of runs. */
export interface LogsPort {
  /** Appends lines to the logs of runs of one queue; what exceeds a log's bound is dropped, and one line says so. */
  append(writes: readonly LogWrite[]): Promise<void>;
  read(query: LogQuery): Promise<LogPage>;
  /** Deletes the logs of a job's runs that began before an instant, a bounded number a call. @returns how many runs' */
  delete(jobId: string, before: EpochMs, scope?: Scoped["scope"]): Promise<number>;
}

/** One line of a run's log. */
export interface LogLine {
  readonly at: EpochMs;
  /** `output`: what was written to standard output or the console. */
  readonly level: "debug" | "info" | "warn" | "error" | "output";
  readonly message: string;
  readonly attempt: number;
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
}

/** Lines to append to one run's log. */
export interface LogWrite {
  readonly jobId: string;
  readonly runId: string;
  readonly lines: readonly LogLine[];
  /** Bytes that the log of this run may have; then one line says that it was cut. */
  readonly maxBytes: number;
  /** For how many runs of this job, and for how long, logs are kept. */
  readonly retention: { readonly runs: number; readonly ageMs: number };
}

/** Which lines to read. */
export interface LogQuery {
  readonly jobId: string;
  readonly runId: string;
  /** Only lines after this one, as an earlier page named it. */
  readonly after: string | undefined;
  readonly limit: number;
}

/** Lines of a run's log in their order. */
export interface LogPage {
  readonly lines: readonly LogLine[];
  /** Names the last line; the `after` of the query if there was none. */
  readonly cursor: string | undefined;
}
