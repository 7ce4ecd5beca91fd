import { LineLimit } from "../core/line-limit.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { StoredJob } from "../jobs/definition.ts";
import { Schedule } from "../jobs/schedule.ts";

/** Up to this many jobs get a line each; more share one line. */
const TOLD_SINGLY = 10;

type ToldJob = Pick<StoredJob, "definition" | "state" | "watermark"> &
  Partial<Pick<StoredJob, "pausedReason" | "skips">>;

/** Logs changes to jobs and their next run on this process's logger. */
export class ChangeLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #limit: LineLimit;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
    this.#limit = new LineLimit(clock);
  }

  added(jobs: readonly Pick<StoredJob, "definition" | "state" | "watermark">[]): void {
    if (jobs.length > TOLD_SINGLY) {
      this.#logger.info(`${jobs.length} jobs added`, { time: this.#time(), count: jobs.length });
      return;
    }
    for (const job of jobs) this.changed("added", job);
  }

  changed(what: string, job: ToldJob): void {
    const nextRunTime = nextRunOf(job);
    const reason = what === "paused" ? (job.pausedReason ?? undefined) : undefined;
    const when = nextRunTime === undefined ? "" : `; next run at ${nextRunTime}`;
    const fields = {
      ...(nextRunTime === undefined ? {} : { nextRunTime }),
      ...(reason === undefined ? {} : { reason }),
    };
    this.#line(job.definition.id, what, reason === undefined ? when : `: ${reason}`, fields);
  }

  removed(jobId: string): void {
    this.#line(jobId, "removed", "", {});
  }

  allRemoved(count: number): void {
    this.#logger.info(`${count} jobs removed`, { time: this.#time(), count });
  }

  #line(jobId: string, what: string, more: string, fields: object): void {
    const about = (): object => ({ jobId, time: this.#time() });
    this.#limit.pass(
      `${what} ${jobId}`,
      1,
      () => this.#logger.info(`job "${jobId}" ${what}${more}`, { ...about(), ...fields }),
      (left) =>
        this.#logger.info(`job "${jobId}" ${what} ${left} times more within a minute`, {
          ...about(),
          suppressed: left,
        }),
    );
  }

  #time(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}

function nextRunOf({ definition, state, watermark, skips = [] }: ToldJob): string | undefined {
  if (state !== "active") return undefined;
  const skipped = skips.map(({ fireAt }) => fireAt);
  const next = new Schedule(definition, skipped).nextRun(watermark);
  return next && new Date(next.dueAt).toISOString();
}
