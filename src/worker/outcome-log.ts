import { iso } from "../core/iso.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import { LineLimit } from "../core/line-limit.ts";
import { isToldOfEveryRun } from "../core/every-run.ts";
import { isSilent, type LogFields, type Logger } from "../core/log.ts";
import type { RunHold } from "../engine/port/engine.ts";
import type { StoredEvent } from "../jobs/event.ts";
import type { StoredError } from "../core/stored-error.ts";
import { outsideOfCapture } from "./console-capture.ts";

/** How a run, or an attempt of it, ended. */
export interface OutcomeTold {
  readonly hold: Pick<RunHold, "jobId" | "runId">;
  readonly attempt: number;
  readonly durationMs: number;
  /** As it is stored, without secrets. */
  readonly error?: StoredError | undefined;
}

/** Logs what became of occurrences to the process's logger, so that no job fails silently. */
export class OutcomeLog {
  readonly #logger: Logger;
  readonly #now: () => EpochMs;
  readonly #limit: LineLimit;
  readonly #hasDebug: boolean;
  readonly #tellsEach: boolean;

  /** @param now The server's clock. */
  constructor(logger: Logger, clock: Clock, now: () => EpochMs) {
    this.#logger = logger;
    this.#now = now;
    this.#limit = new LineLimit(clock);
    this.#hasDebug = !isSilent(logger, "debug");
    this.#tellsEach = isToldOfEveryRun(logger);
  }

  succeeded({ jobId, runId }: OutcomeTold["hold"], attempt: number, durationMs: number): void {
    // Most runs end like this, and hardly anybody wants to read about each one.
    if (!this.#hasDebug) return;
    const fields = { jobId, runId, attempt, status: "SUCCESS", durationMs: Math.round(durationMs) };
    this.#write("debug", `job "${jobId}" succeeded`, { ...fields, time: iso(this.#now()) });
  }

  failed(told: OutcomeTold): void {
    this.#tell("error", "failed", told, "FAILURE");
  }

  cancelled(told: OutcomeTold): void {
    this.#tell("info", "was cancelled", told, "CANCELLED");
  }

  /** @param inMs When the next attempt follows. */
  retrying(told: OutcomeTold, inMs: number): void {
    this.#tell("warn", "failed and is tried again", told, "FAILURE", {
      nextAttemptAt: iso(this.#now() + inMs),
    });
  }

  /** What an event says of occurrences that will not run here. */
  decided(jobId: string, event: StoredEvent): void {
    const { name, at, runId = "", count = 1, attempt = 0, error, fireAt = at } = event;
    if (name === "JOB_ERROR") {
      this.failed({ hold: { jobId, runId }, attempt, durationMs: 0, error });
      return;
    }
    const isMissed = name === "JOB_MISSED";
    const what = isMissed ? "missed its time" : "was skipped: max-instances";
    const fields = {
      jobId,
      runId,
      status: isMissed ? "MISSED" : "SKIPPED",
      time: iso(at),
      scheduledAt: iso(fireAt),
      ...(count > 1 ? { count } : {}),
    };
    this.#limited("warn", jobId, what, `job "${jobId}" ${what}`, fields, count);
  }

  #tell(
    level: "info" | "warn" | "error",
    what: string,
    { hold: { jobId, runId }, attempt, durationMs, error }: OutcomeTold,
    status: string,
    more: LogFields = {},
  ): void {
    const why = error && status === "FAILURE" ? `: ${error.name}: ${error.message}` : "";
    const fields = {
      jobId,
      runId,
      attempt,
      status,
      time: iso(this.#now()),
      durationMs: Math.round(durationMs),
      ...more,
      ...(error === undefined ? {} : { error: { ...error } }),
    };
    const message = `job "${jobId}" ${what}${why}`;
    if (this.#tellsEach) this.#write(level, message, fields);
    else this.#limited(level, jobId, what, message, fields, 1);
  }

  #limited(
    level: "info" | "warn" | "error",
    jobId: string,
    what: string,
    message: string,
    fields: LogFields,
    count: number,
  ): void {
    this.#limit.pass(
      `${what} ${jobId}`,
      count,
      () => this.#write(level, message, fields),
      (left) =>
        this.#write(level, `job "${jobId}" ${what} ${left} times more within a minute`, {
          jobId,
          status: fields["status"],
          time: iso(this.#now()),
          suppressed: left,
        }),
    );
  }

  #write(level: "debug" | "info" | "warn" | "error", message: string, fields: LogFields): void {
    outsideOfCapture(() => {
      try {
        this.#logger[level](message, fields);
      } catch {
        // A logger that can't write a line must not fail the run.
      }
    });
  }
}
