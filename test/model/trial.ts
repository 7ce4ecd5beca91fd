import { isDeepStrictEqual } from "node:util";
import { assert } from "vitest";
import { ModelFleet, JOBS, START, type Time } from "./fleet.ts";
import { Model } from "./model.ts";
import { Names, Observer, type Seen, unheard, viewOf, viewOfModel } from "./observe.ts";
import type { Place } from "./place.ts";
import { type Act, place, type Scene, type Step } from "./steps.ts";

const MAX_DRAIN = 3_000;
const SLOW_DRAIN = 6;

/** The real thing, with the model's side of it. */
export class Trial implements AsyncDisposable {
  readonly fleet: ModelFleet;
  readonly #observer: Observer;
  #seen: Seen;
  /** The possible states; more than one while the order of concurrent steps is unknown. */
  #possible: readonly Possible[];

  private constructor(fleet: ModelFleet, observer: Observer, seen: Seen) {
    this.fleet = fleet;
    this.#observer = observer;
    this.#seen = seen;
    this.#possible = [{ model: new Model(START), names: new Names(fleet) }];
  }

  static async open(at: Place, time: Time): Promise<Trial> {
    const fleet = await ModelFleet.open(at, time);
    const observer = await Observer.open(fleet);
    return new Trial(fleet, observer, await observer.look());
  }

  /**
   * Lets steps happen, all at the same time if they are several, and looks for an order in which the model comes to the
   * same.
   */
  async happen(steps: readonly Step[], choices?: readonly number[]): Promise<void> {
    const scene: Scene = {
      fleet: this.fleet,
      ...this.#likely,
      seen: this.#seen,
      steps,
      taken: new Set(),
    };
    const acts = steps.flatMap((one, i) => {
      // Each by a different worker.
      const act = place("worker" in one && steps.length > 1 ? { ...one, worker: i } : one, scene);
      return act ? [act] : [];
    });
    if (acts.length === 0) return;
    const answers = await this.fleet.callOrder.run(
      acts.map((act) => () => act.real()),
      choices,
    );
    this.#seen = await this.#observer.look();
    this.#accept(acts, answers);
  }

  get #likely(): Possible {
    const [first] = this.#possible;
    if (!first) throw new Error("nothing is possible");
    return first;
  }

  #accept(acts: readonly Act[], answers: readonly string[]): void {
    const ends = this.#possible.flatMap(({ model, names }) =>
      [...outcomes(model, acts)].flatMap((end) =>
        names.learn(this.#seen, end.model).map((learnt) => {
          const { model: to, answers: given } = end;
          return { model: to, answers: given, names: learnt };
        }),
      ),
    );
    const answered = ends.filter((end) => isDeepStrictEqual(end.answers, answers));
    const possible = answered.filter(({ model, names }) =>
      isDeepStrictEqual(
        plain(viewOf(this.#seen, names, model, this.fleet)),
        plain(viewOfModel(model, this.fleet)),
      ),
    );
    const [nearest] = possible.length > 0 ? possible : answered.length > 0 ? answered : ends;
    if (!nearest) throw new Error("the model knows no way");
    assert.deepEqual(
      { answers, ...plain(viewOf(this.#seen, nearest.names, nearest.model, this.fleet)) },
      { answers: nearest.answers, ...plain(viewOfModel(nearest.model, this.fleet)) },
      `none of ${ends.length} ways in which the model may go leads here`,
    );
    for (const { model } of possible) model.hear();
    this.#possible = unlike(possible);
    assert.deepEqual(unheard(this.#seen, nearest.model, this.fleet), []);
  }

  /** Runs everything to its end: takes what is due, ends runs with success. @returns What is still left. */
  async drain(): Promise<unknown[]> {
    await this.happen([{ do: "heal" }]);
    // A queue job that was put back waits by the earlier clock.
    await this.happen([{ do: "pass", seconds: this.fleet.behindMs / 1_000 }]);
    for (const job of JOBS)
      if (this.#likely.model.account(job).job?.state === "paused")
        await this.happen([{ do: "resume", job }]);
    for (let i = 0; i < MAX_DRAIN; i += 1) {
      // Some time goes by at first, so that what waits for an instance may be too late.
      if (i < SLOW_DRAIN) await this.happen([{ do: "pass", seconds: 4 }]);
      const isDue = this.#seen.waiting.some(({ dueAt }) => dueAt <= this.fleet.now);
      if (this.fleet.held.length > 0) await this.happen([{ do: "finish", pick: 0, isGood: true }]);
      else if (isDue) await this.happen([{ do: "take", pick: 0, worker: i }]);
      else break;
    }
    const { model } = this.#likely;
    return JOBS.flatMap((job) => {
      const { open = [], stored } = this.#seen.jobs.get(job) ?? {};
      const running = Array.from({ length: stored?.running ?? 0 }, () => "an instance");
      return [...model.due(job), ...open, ...running];
    });
  }

  /** How many occurrences ended how. */
  tally(into: Record<string, number>): void {
    for (const job of JOBS)
      for (const { verdict, reason } of this.#likely.model.account(job).ledger.values()) {
        const key = reason ?? verdict;
        into[key] = (into[key] ?? 0) + 1;
      }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet[Symbol.asyncDispose]();
  }
}

interface Possible {
  readonly model: Model;
  readonly names: Names;
}

/** One of each kind. */
function unlike(possible: readonly Possible[]): Possible[] {
  return possible.filter(
    ({ model, names }, i) =>
      !possible.slice(0, i).some((other) => other.model.isLike(model) && other.names.isLike(names)),
  );
}

/** `undefined` and absent are the same, as they are on the wire. */
function plain(view: object): object {
  return JSON.parse(JSON.stringify(view)) as object;
}

/**
 * Every order of the steps, each in every possible course, with the model's result.
 * @yields The resulting model and the answers.
 */
function* outcomes(
  model: Model,
  acts: readonly (Pick<Act, "ways"> | string)[],
): Generator<{ model: Model; answers: string[] }> {
  if (acts.every((act) => typeof act === "string")) yield { model, answers: [...acts] };
  for (const [i, act] of acts.entries()) {
    if (typeof act === "string") continue;
    for (const way of act.ways) {
      const copy = model.copy();
      const answer = way(copy);
      if (answer === undefined) continue;
      yield* outcomes(copy, acts.with(i, typeof answer === "string" ? answer : { ways: [answer] }));
    }
  }
}
