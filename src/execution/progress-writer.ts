import type { CancelTimer } from "../core/clock.ts";
import { PROGRESS_STEP, type Progress } from "../engine/port/steps.ts";
import { keptText, summarizeResult } from "../pipeline/outcome.ts";
import type { AttemptHost } from "./attempt-host.ts";

const EVERY_MS = 500;
const MAX_MESSAGE = 200;

/** Stores a run's progress: at most twice a second, and always the last report. A failure to store it is harmless. */
export class ProgressWriter {
  readonly #host: AttemptHost;
  readonly #attempt: number;
  #latest: Progress | undefined;
  #writing: Promise<void> | undefined;
  #cancel: CancelTimer | undefined;
  #nextAt = 0;
  /** Whether a report is waiting to be stored. */
  hasBegun = false;

  constructor(host: AttemptHost, attempt: number) {
    this.#host = host;
    this.#attempt = attempt;
  }

  report(fraction: number, message: unknown): void {
    this.hasBegun = true;
    const inRange = Math.min(1, Math.max(0, fraction));
    this.#latest = {
      // A share of zero items is NaN, which is no reason to fail.
      fraction: Number.isNaN(inRange) ? 0 : inRange,
      ...(message === undefined ? {} : { message: this.#textOf(message) }),
    };
    this.#schedule();
  }

  /** Stores the last report if it hasn't been. */
  async finish(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#writing;
    if (this.#latest !== undefined) await this.#write(this.#latest);
  }

  #schedule(): void {
    if (this.#writing !== undefined || this.#cancel !== undefined) return;
    const { clock } = this.#host;
    this.#cancel = clock.after(Math.max(0, this.#nextAt - clock.elapsed()), () => {
      this.#cancel = undefined;
      const latest = this.#latest;
      if (latest === undefined) return;
      this.#writing = this.#write(latest).finally(() => {
        this.#writing = undefined;
        if (this.#latest !== undefined) this.#schedule();
      });
    });
  }

  async #write(progress: Progress): Promise<void> {
    this.#latest = undefined;
    this.#nextAt = this.#host.clock.elapsed() + EVERY_MS;
    const now = this.#host.now();
    try {
      await this.#host.saveStep({
        name: PROGRESS_STEP,
        kind: "progress",
        startedAt: now,
        finishedAt: now,
        tries: 1,
        attempt: this.#attempt,
        resultJson: JSON.stringify(progress),
      });
    } catch {
      // The next report, or the run's end, makes up for a missing one.
    }
  }

  /** Anything but a string is shown the way results are stored. */
  #textOf(message: unknown): string {
    const { secrets } = this.#host;
    const text =
      typeof message === "string" ? message : (summarizeResult(message, 1_024, secrets) ?? "");
    return keptText(text, MAX_MESSAGE, secrets);
  }
}
