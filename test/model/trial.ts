import assert from "node:assert/strict";
import { place, type Scene } from "./acts.ts";
import { Comparison } from "./comparison.ts";
import { JOBS, ModelFleet, type Time } from "./fleet.ts";
import { Invariants } from "./invariants.ts";
import { Observer, type View } from "./observe.ts";
import type { Place } from "./place.ts";
import type { Step } from "./step.ts";

const MAX_DRAIN = 3_000;
const SLOW_DRAIN = 6;
/** No run waits for so many queue jobs to become due. */
const MAX_WAITS = 50;
const MAX_HEALS = 10;
const MAX_RESUMES = 5;

/** The real thing, with the reference beside it. */
export class Trial implements AsyncDisposable {
  readonly fleet: ModelFleet;
  readonly #observer: Observer;
  readonly #comparison: Comparison;
  readonly #invariants = new Invariants();
  #view: View;

  private constructor(fleet: ModelFleet, observer: Observer, view: View) {
    this.fleet = fleet;
    this.#comparison = new Comparison(fleet.place);
    this.#observer = observer;
    this.#view = view;
  }

  static async open(at: Place, time: Time): Promise<Trial> {
    const fleet = await ModelFleet.open(at, time);
    const observer = await Observer.open(fleet);
    return new Trial(fleet, observer, await observer.look([], new Map()));
  }

  /**
   * Lets steps happen, all at the same time if they are several, and looks for an order of their calls in which the
   * reference comes to the same.
   */
  async happen(steps: readonly Step[], choices?: readonly number[]): Promise<void> {
    const scene: Scene = { fleet: this.fleet, view: this.#view, taken: new Set() };
    const acts = steps.flatMap((one, i) => {
      // Each by a different worker.
      const act = place("worker" in one && steps.length > 1 ? { ...one, worker: i } : one, scene);
      return act ? [act] : [];
    });
    if (acts.length === 0) return;
    await this.fleet.callOrder.run(acts, choices);
    const { now, jobIds, recorder } = this.fleet;
    const calls = recorder.take();
    this.#view = await this.#observer.look(calls, this.#view);
    const happened = { calls, view: this.#view, jobIds, now };
    const difference = this.#comparison.differ(happened);
    if (difference !== undefined) assert.fail(difference);
    this.#invariants.look(this.#view, calls);
    assert.deepEqual(this.#invariants.broken, []);
  }

  /**
   * Runs everything to its end: takes what is due, ends runs with success, and lets time pass as long as a run of before waits.
   * @throws if one waits in vain
   */
  async drain(): Promise<void> {
    await this.happen([{ do: "heal" }]);
    // A queue job that was put back waits by the earlier clock.
    await this.happen([{ do: "pass", seconds: this.fleet.behindMs / 1_000 }]);
    await this.#resumeAll();
    const from = new Set(this.#open);
    const left = (): string[] => this.#open.filter((id) => from.has(id));
    let waits = 0;
    let heals = 0;
    let resumes = 0;
    for (let i = 0; i < MAX_DRAIN; i += 1) {
      // Some time goes by at first, so that what waits for an instance may be too late.
      if (i < SLOW_DRAIN) await this.happen([{ do: "pass", seconds: 4 }]);
      const isDue = this.#waiting.some((dueAt) => dueAt <= this.fleet.now);
      if (this.fleet.held.length > 0) await this.happen([{ do: "finish", pick: 0, how: "well" }]);
      else if (isDue) await this.happen([{ do: "take", pick: 0, worker: i }]);
      else if (left().length > 0 && this.#waiting.length > 0 && waits < MAX_WAITS) {
        waits += 1;
        await this.happen([{ do: "untilDue" }]);
      } else if (left().length > 0 && resumes < MAX_RESUMES && this.#hasPaused) {
        // A run that failed meanwhile may have paused its job.
        resumes += 1;
        await this.#resumeAll();
      } else if (left().length > 0 && this.fleet.hasLost && heals < MAX_HEALS) {
        // While another queue job wakes the job, the audit does not miss the one that was lost.
        heals += 1;
        // A run that waits for its condition is missed once that is over.
        if (heals > SLOW_DRAIN) await this.happen([{ do: "pass", seconds: 20 }]);
        await this.happen([{ do: "heal" }]);
      } else break;
    }
    assert.deepEqual(left(), [], "runs wait in vain");
  }

  /** How many occurrences ended how. */
  tally(into: Record<string, number>): void {
    this.#invariants.tally(into);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet[Symbol.asyncDispose]();
  }

  async #resumeAll(): Promise<void> {
    for (const [i, job] of JOBS.entries())
      if (this.#jobs.some((jobs) => jobs[i]?.state === "paused"))
        await this.happen([{ do: "resume", job }]);
  }

  get #hasPaused(): boolean {
    return this.#jobs.some((jobs) => jobs.some((job) => job?.state === "paused"));
  }

  get #jobs() {
    return [...this.#view.values()].map(({ jobs }) => jobs);
  }

  get #open(): string[] {
    return [...this.#view.values()].flatMap(({ open }) => open.flat().map(({ id }) => id));
  }

  get #waiting(): number[] {
    return [...this.#view.values()].flatMap(({ waiting, wakeups }) =>
      [...waiting, ...wakeups].map(({ dueAt }) => dueAt),
    );
  }
}
