import type { SchedulerEvent } from "../../events/scheduler-event.ts";
import type { PipelineScheduler } from "../../scheduler/pipeline-scheduler.ts";
import type { OutcomeTold } from "./outcome-lines.ts";

/** Outcomes that wait to be told; more are only counted. */
const MAX_WAITING = 200;
/** Lines of a run's log that are looked at for the last one. */
const LAST_LINES = 1_000;

const NAMES = [
  "JOB_EXECUTED",
  "JOB_ERROR",
  "JOB_RETRYING",
  "JOB_CANCELLED",
  "JOB_MISSED",
  "JOB_SKIPPED",
  "JOB_MAX_INSTANCES",
] as const;

type OutcomeEvent = SchedulerEvent<(typeof NAMES)[number]>;

/** Tells what becomes of jobs as it happens, in order. */
export class OutcomeFeed {
  readonly #scheduler: PipelineScheduler;
  readonly #tell: (told: OutcomeTold) => void;
  readonly #tellLeft: (count: number) => void;
  #waiting = 0;
  #left = 0;
  #turn: Promise<void> = Promise.resolve();

  /** @param tellLeft Is told how many were left out, when there were too many at once. */
  constructor(
    scheduler: PipelineScheduler,
    tell: (told: OutcomeTold) => void,
    tellLeft: (count: number) => void,
  ) {
    this.#scheduler = scheduler;
    this.#tell = tell;
    this.#tellLeft = tellLeft;
  }

  start(): void {
    this.#scheduler.on([...NAMES], (event) => this.#hear(event));
  }

  /** Waits until what was heard is told. */
  async end(): Promise<void> {
    await this.#turn;
  }

  #hear(event: OutcomeEvent): void {
    if (this.#waiting >= MAX_WAITING) {
      this.#left += 1;
      return;
    }
    this.#waiting += 1;
    this.#turn = this.#turn
      .then(() => this.#look(event))
      // The run may be gone, or the scheduler: there is nothing to tell then.
      .catch(() => undefined)
      .finally(() => this.#leave());
  }

  #leave(): void {
    this.#waiting -= 1;
    if (this.#waiting > 0 || this.#left === 0) return;
    this.#tellLeft(this.#left);
    this.#left = 0;
  }

  async #look({ jobId, runId }: OutcomeEvent): Promise<void> {
    const run = await this.#scheduler.getRun(runId);
    if (!run) return;
    const didRun = run.startedAt !== undefined;
    const [job, said, why] = await Promise.all([
      this.#scheduler.getJob(jobId),
      didRun ? this.#lastLine(runId) : undefined,
      didRun ? undefined : this.#why(jobId, run.fireTime),
    ]);
    this.#tell({ run, said, why, next: job?.nextRunTime ?? null });
  }

  async #lastLine(runId: string): Promise<string | undefined> {
    const { lines } = await this.#scheduler.getLogs(runId, { limit: LAST_LINES });
    return lines.findLast(({ level, message }) => level === "output" && message.trim() !== "")
      ?.message;
  }

  async #why(jobId: string, at: Date): Promise<string | undefined> {
    const { terms } = await this.#scheduler.explain(jobId, at);
    const decisive = terms?.filter((term) => term.decisive) ?? [];
    const words = decisive.map(({ text, value, why }) => `${text} is ${value} (${why})`);
    return words.length === 0 ? undefined : words.join("; ");
  }
}
