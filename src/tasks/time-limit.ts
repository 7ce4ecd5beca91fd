import { systemClock } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import { TaskError } from "./task-error.ts";

/** Ends a task at its own limit, or with its run. */
export class TimeLimit implements Disposable {
  /** Aborts when the task is to end. */
  readonly signal: AbortSignal;
  readonly #own = new AbortController();
  readonly #run: AbortSignal;
  readonly #cancel: () => void;

  constructor(run: AbortSignal, limitMs: number | undefined, what: string) {
    this.#run = run;
    this.signal = AbortSignal.any([run, this.#own.signal]);
    this.#cancel =
      limitMs === undefined
        ? () => undefined
        : systemClock.after(limitMs, () => {
            const message = `${what} took longer than ${formatDuration(limitMs)}.`;
            const data = { timeoutMs: limitMs };
            this.#own.abort(new TaskError("TASK_TIMED_OUT", message, { data }));
          });
  }

  /** Whether the run itself is to end, and not only the task. */
  get isRunOver(): boolean {
    return this.#run.aborted;
  }

  /** Why the task is to end, if that is for its own limit. */
  get reason(): TaskError | undefined {
    return this.#own.signal.aborted ? (this.#own.signal.reason as TaskError) : undefined;
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }
}
