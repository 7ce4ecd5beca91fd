import { nextTurn, realDelay, realElapsed } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import { formatDuration } from "../core/durations.ts";
import type { Logger } from "../core/log.ts";
import type { ActiveRun } from "../worker/active-run.ts";
import { ListenerCall } from "./listener-scope.ts";
import type { OtherTimers, VirtualTime, VirtualTimer } from "./virtual-time.ts";

/** Turns of the event loop in which nothing happens before all is taken to be quiet. */
const QUIET_TURNS = 3;
/** Further turns that are spent looking before the processor is left to whatever real work is under way. */
const BUSY_TURNS = 50;

/** What a {@link Quiet} watches. */
export interface QuietParts {
  readonly time: VirtualTime;
  readonly patienceMs: number;
  readonly logger: Logger;
  /** The runs that workers execute. */
  readonly active: () => Iterable<ActiveRun>;
  /** Grows while something is going on that sets no timer. */
  readonly activity: () => number;
  readonly others: OtherTimers | undefined;
}

/**
 * Waits in real time until everything that can happen at one instant of the virtual time has happened. Code that waits for
 * the virtual time is quiet; code that does real work, such as reading a file, is waited for.
 */
export class Quiet {
  readonly #parts: QuietParts;
  /** Runs that are not waited for any longer, with what they had been told when that was decided. */
  readonly #hanging = new WeakMap<ActiveRun, { readonly cause: unknown }>();
  readonly #hangingCalls = new WeakSet<VirtualTimer>();

  constructor(parts: QuietParts) {
    this.#parts = parts;
  }

  /**
   * @param isEnding Whether runs are about to be ended, which bounds them.
   * @throws {@link CronduitError} `RUN_STUCK` if a run does real work for too long, and nothing bounds it.
   */
  async settle(isEnding = false): Promise<void> {
    let seen = this.#activity;
    let since = realElapsed();
    for (let turns = 1; ; turns += 1) {
      await (turns < BUSY_TURNS ? nextTurn() : realDelay(1));
      const { patienceMs } = this.#parts;
      if (this.#activity !== seen) {
        seen = this.#activity;
        since = realElapsed();
        turns = 0;
      } else if (turns >= QUIET_TURNS) {
        const waiting = this.#waiting();
        const runs = this.#busyRuns(waiting);
        const calls = this.#busyCalls(waiting);
        if (runs.length + calls.length === 0) return;
        if (realElapsed() - since >= patienceMs) this.#giveUp(runs, calls, isEnding);
      }
    }
  }

  /** To be called when a timer fired: whoever set it goes on. */
  resumed({ owner }: VirtualTimer): void {
    if (owner !== undefined) this.#hanging.delete(owner as ActiveRun);
  }

  get #activity(): number {
    const { time, activity, others } = this.#parts;
    return time.activity + activity() + (others?.activity ?? 0);
  }

  /** Runs that neither wait for the virtual time nor are known to hang. */
  #busyRuns(waiting: ReadonlySet<unknown>): ActiveRun[] {
    return [...this.#parts.active()].filter((run) => {
      const hanging = this.#hanging.get(run);
      return !waiting.has(run) && (hanging === undefined || hanging.cause !== run.cause);
    });
  }

  /** Calls of listeners that have not returned, do not wait for the virtual time, and are not known to hang. */
  #busyCalls(waiting: ReadonlySet<unknown>): VirtualTimer[] {
    return this.#parts.time.pending.filter((timer) => {
      const { purpose, owner } = timer;
      if (purpose !== "limit" || !(owner instanceof ListenerCall)) return false;
      return !owner.isWaiting && !waiting.has(owner) && !this.#hangingCalls.has(timer);
    });
  }

  /** Whose code waits for the virtual time. */
  #waiting(): ReadonlySet<unknown> {
    const { time, others } = this.#parts;
    const waiting = new Set<unknown>(others?.owners());
    for (const { purpose, owner } of time.pending)
      if (purpose === "wait" || purpose === "look") waiting.add(owner);
    return waiting;
  }

  /** Lets the time move on to whatever ends what hangs. */
  #giveUp(runs: readonly ActiveRun[], calls: readonly VirtualTimer[], isEnding: boolean): void {
    const { logger, patienceMs } = this.#parts;
    const waited = formatDuration(Math.round(patienceMs));
    for (const call of calls) {
      this.#hangingCalls.add(call);
      logger.warn(`a listener did not return within ${waited} of real time; the time moves on`);
    }
    for (const run of runs) {
      if (!isEnding && !this.#isBounded(run)) throw stuck(run, waited);
      this.#hanging.set(run, { cause: run.cause });
    }
  }

  /** Whether the virtual time will end it. */
  #isBounded(run: ActiveRun): boolean {
    const isLimited = this.#parts.time.pending.some(({ owner }) => owner === run);
    return isLimited || run.cause !== undefined || run.job.definition.policy.timeoutMs !== null;
  }
}

function stuck({ runId, hold: { jobId } }: ActiveRun, waited: string): CronduitError {
  return new CronduitError(
    "RUN_STUCK",
    `Run "${runId}" of job "${jobId}" has not ended within ${waited} of real time, and the virtual time has nothing that would end it. If its pipeline hangs, give the job a timeout; if it waits by a timer of its own, pass fakeTimers: true or wait by sleep; if it does real work for that long, raise patience.`,
    { data: { runId, jobId } },
  );
}
