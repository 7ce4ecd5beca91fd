import { type EpochMs, realDelay, realElapsed } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import { ListenerCall } from "./listener-scope.ts";
import type { Quiet } from "./quiet.ts";
import type { OtherTimers, VirtualTime, VirtualTimer } from "./virtual-time.ts";

/** After this long with nothing but upkeep, whatever waits is taken to wait for the test. */
const STALE_MS = 600_000;
/** How much may be due within one move: a busier one takes more than a minute. */
const MOST_STEPS = 200_000;
/** How far a call that waits for something may move the time. */
const DRIVE_LIMIT_MS = 400 * 86_400_000;

/** What a {@link TimeMachine} moves. */
export interface TimeMachineParts {
  readonly time: VirtualTime;
  readonly quiet: Quiet;
  /** When queue jobs become due next, whether or not somebody waits for them. */
  readonly nextDueAt: () => EpochMs | undefined;
  /** When something of a job changes by itself next, after an instant. */
  readonly nextChangeAt: (after: EpochMs) => EpochMs | undefined;
  /** Whether no run is executed and none is due, so that upkeep finds nothing to do. */
  readonly isAtRest: () => boolean;
  /** Whether a run is executed: its lock must be renewed. */
  readonly isWorking: () => boolean;
  readonly others: OtherTimers | undefined;
  /** Grows with everything that the engine tells. */
  readonly activity: () => number;
  /** How long a call may do real work while the time has nothing to move to. */
  readonly patienceMs: number;
  /** Called when everything of an instant has happened. */
  readonly onQuiet: () => void;
}

/**
 * Moves the virtual time from timer to timer, and lets everything happen in between. Upkeep that would find nothing is
 * passed over, and made up for once: a year of heartbeats would take minutes.
 */
export class TimeMachine {
  readonly #parts: TimeMachineParts;
  /** When something other than upkeep happened last. */
  #newsAt: EpochMs;
  /** Up to when upkeep saw to what changes by itself. */
  #changedTo: EpochMs = -Infinity;
  /** What was the case at the last look. */
  #looked = "";

  constructor(parts: TimeMachineParts) {
    this.#parts = parts;
    this.#newsAt = parts.time.now;
  }

  /**
   * Lets everything happen that is due up to an instant, and moves there.
   * @param what The call, for errors.
   * @throws {@link CronduitError} `INVALID_STATE` if that is too much for one call.
   */
  async advanceTo(at: EpochMs, what: string): Promise<void> {
    const { time } = this.#parts;
    this.#newsAt = time.now;
    const steps = new StepCount(time, what, at);
    while (await this.#step(at)) steps.add();
    this.moveTo(at);
    this.#catchUp();
    while (await this.#step(at)) steps.add();
  }

  /** Lets everything happen up to the instant at which something is the case, or up to the end. @throws As {@link advanceTo} */
  async advanceUntil(isSo: () => boolean, what: string): Promise<void> {
    const { time } = this.#parts;
    const steps = new StepCount(time, what);
    while (!isSo() && (await this.#step(Infinity))) {
      await this.settle();
      steps.add();
    }
    while (await this.#step(time.now)) steps.add();
  }

  /** Moves to the next timer up to an instant and fires it. @returns false if there is none */
  async #step(until: EpochMs, isEnding = false): Promise<boolean> {
    const { time, quiet, others, nextDueAt, nextChangeAt } = this.#parts;
    await this.settle(isEnding);
    const skips = this.#skipsUpkeep();
    const timer = time.next(
      ({ purpose }) => purpose !== "look" && !(skips && purpose === "upkeep"),
    );
    const dueAt = nextDueAt() ?? Infinity;
    const changeAt = nextChangeAt(this.#changedTo) ?? Infinity;
    const at = Math.min(timer?.at ?? Infinity, others?.nextAt() ?? Infinity, dueAt, changeAt);
    if (at > until || at === Infinity) return false;
    this.moveTo(at);
    if (skips && this.#catchUp()) await this.settle(isEnding);
    if (dueAt === at) this.#newsAt = at;
    if (changeAt === at) {
      this.#changedTo = this.#newsAt = at;
      this.#fireUpkeep(Infinity);
      return true;
    }
    if (timer?.at !== at) return true;
    if (timer.purpose !== "upkeep") this.#newsAt = at;
    quiet.resumed(timer);
    time.fire(timer);
    return true;
  }

  /** Lets everything happen that is due now. Whoever looks from time to time looks after each change. */
  async settle(isEnding = false): Promise<void> {
    const { time, quiet, activity, onQuiet } = this.#parts;
    for (;;) {
      await quiet.settle(isEnding);
      const news = `${time.now} ${activity()}`;
      const looks = time.pending.filter(({ purpose }) => purpose === "look");
      if (looks.length === 0 || news === this.#looked) break;
      this.#looked = news;
      for (const look of looks) time.fire(look);
    }
    onQuiet();
  }

  /**
   * Moves on as far as `work` needs to settle.
   * @param forMs At most this far. @default 400 days
   * @param isEnding Whether it ends all runs.
   * @throws {@link CronduitError} `INVALID_STATE` if that takes too much, or never happens.
   */
  async drive<T>(work: Promise<T>, forMs = DRIVE_LIMIT_MS, isEnding = false): Promise<T> {
    const { time, patienceMs } = this.#parts;
    const end = { isOver: false };
    const over = (): void => void (end.isOver = true);
    work.then(over, over);
    const until = time.now + forMs;
    this.#newsAt = time.now;
    const steps = new StepCount(time, "What the test waits for");
    for (let since = realElapsed(); ;) {
      await this.settle(isEnding);
      if (end.isOver) return work;
      const waits = isEnding || time.next(isOfTest) !== undefined;
      if (waits && (await this.#onwards(until, isEnding))) {
        since = realElapsed();
        steps.add();
      } else if (realElapsed() - since > patienceMs) throw endless();
      else await realDelay(1);
    }
  }

  /** The next step, or else the last moment. @returns false if that is reached */
  async #onwards(until: EpochMs, isEnding: boolean): Promise<boolean> {
    if (await this.#step(until, isEnding)) return true;
    if (this.#parts.time.now === until) return false;
    this.moveTo(until);
    return true;
  }

  /** Moves to an instant, as if nothing had run in between. What was due fires at the next step. */
  moveTo(at: EpochMs): void {
    this.#parts.time.moveTo(at);
    this.#parts.others?.moveTo(this.#parts.time.now);
  }

  #skipsUpkeep(): boolean {
    const { time, isAtRest, isWorking } = this.#parts;
    if (isAtRest()) return true;
    return !isWorking() && time.now - this.#newsAt > STALE_MS;
  }

  /** Fires once the upkeep that was passed over. @returns whether there was any */
  #catchUp(): boolean {
    return this.#fireUpkeep(this.#parts.time.now);
  }

  /** Fires the upkeep that is due up to an instant. @returns whether there was any */
  #fireUpkeep(upTo: EpochMs): boolean {
    const { time } = this.#parts;
    const due = time.pending.filter(({ purpose, at }) => purpose === "upkeep" && at <= upTo);
    for (const timer of due as readonly VirtualTimer[]) time.fire(timer);
    return due.length > 0;
  }
}

/** Counts what is due within one move of the time. */
class StepCount {
  readonly #time: VirtualTime;
  readonly #what: string;
  readonly #until: EpochMs | undefined;
  #steps = 0;

  constructor(time: VirtualTime, what: string, until?: EpochMs) {
    this.#time = time;
    this.#what = what;
    this.#until = until;
  }

  /** @throws {@link CronduitError} `INVALID_STATE` */
  add(): void {
    this.#steps += 1;
    if (this.#steps < MOST_STEPS) return;
    const now = new Date(this.#time.now).toISOString();
    const until =
      this.#until === undefined ? "" : `, on the way to ${new Date(this.#until).toISOString()}`;
    throw new CronduitError(
      "INVALID_STATE",
      `${this.#what}: it is only ${now}${until}, and ${MOST_STEPS.toLocaleString("en-US")} occurrences, retries and timers were due so far, the most for one call. Move in several calls, or give the jobs rarer triggers; for long periods of many jobs there is simulate, in cronduit/simulate.`,
      { data: { now, steps: this.#steps } },
    );
  }
}

/** Code of the test or of a listener, and not of a run, waits for something. */
function isOfTest({ purpose, owner }: VirtualTimer): boolean {
  if (purpose !== "look" && purpose !== "wait") return false;
  return owner === undefined || owner instanceof ListenerCall;
}

function endless(): CronduitError {
  return new CronduitError(
    "INVALID_STATE",
    "What the test waits for does not happen, however far the time moves. If it waits for a run, is the fleet paused, or without a worker?",
  );
}
