import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fleet, JOBS, START, type Time, WORKERS } from "./fleet.ts";
import { Model } from "./model.ts";
import { Names, Observer, type Seen, unheard, viewOf, viewOfModel } from "./observe.ts";
import type { Place, PlaceOptions } from "./place.ts";
import {
  type Act,
  concurrentStep,
  firstStep,
  place,
  type Scene,
  type Step,
  step,
} from "./steps.ts";

const SEED = process.env["MODEL_SEED"];
const PATH = process.env["MODEL_PATH"];
const REPLAY = process.env["MODEL_REPLAY"];
const RUNS = process.env["MODEL_RUNS"];
const MAX_STEPS = Number(process.env["MODEL_STEPS"] ?? 40);
const MAX_DRAIN = 3_000;

/** The real thing, with the model's side of it. */
class Trial implements AsyncDisposable {
  readonly fleet: Fleet;
  readonly #observer: Observer;
  model = new Model(START);
  #seen: Seen;
  #names: Names;

  private constructor(fleet: Fleet, observer: Observer, seen: Seen) {
    this.fleet = fleet;
    this.#observer = observer;
    this.#seen = seen;
    this.#names = new Names(fleet);
  }

  static async open(at: Place, time: Time): Promise<Trial> {
    const fleet = await Fleet.open(at, time);
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
      model: this.model,
      seen: this.#seen,
      names: this.#names,
      steps,
      taken: new Set(),
    };
    const acts = steps.flatMap((one, i) => {
      // Each by a worker of its own.
      const act = place("worker" in one && steps.length > 1 ? { ...one, worker: i } : one, scene);
      return act ? [act] : [];
    });
    if (acts.length === 0) return;
    const answers = await this.fleet.turnstile.run(
      acts.map((act) => () => act.real()),
      choices,
    );
    this.#seen = await this.#observer.look();
    this.#accept(acts, answers);
  }

  #accept(acts: readonly Act[], answers: readonly string[]): void {
    let nearest: { model: Model; answers: string[] } | undefined;
    for (const outcome of outcomes(this.model, acts)) {
      nearest ??= outcome;
      if (!isDeepStrictEqual(outcome.answers, answers)) continue;
      nearest = outcome;
      const names = this.#names.learn(this.#seen, outcome.model);
      const view = viewOf(this.#seen, names, outcome.model, this.fleet);
      if (!isDeepStrictEqual(plain(view), plain(viewOfModel(outcome.model, this.fleet)))) continue;
      outcome.model.hear();
      this.model = outcome.model;
      this.#names = names;
      expect(unheard(this.#seen, this.model, this.fleet)).toEqual([]);
      return;
    }
    if (!nearest) throw new Error("the model knows no way");
    const names = this.#names.learn(this.#seen, nearest.model);
    expect(
      { answers, ...plain(viewOf(this.#seen, names, nearest.model, this.fleet)) },
      "the real thing does not do as the model",
    ).toEqual({ answers: nearest.answers, ...plain(viewOfModel(nearest.model, this.fleet)) });
  }

  /** Lets all come to its end: what is due is taken, what runs ends well. */
  async drain(): Promise<void> {
    await this.happen([{ do: "heal" }]);
    // What was put back waits by the clock as it was.
    await this.happen([{ do: "pass", seconds: this.fleet.behindMs / 1_000 }]);
    for (const job of JOBS)
      if (this.model.account(job).job?.state === "paused")
        await this.happen([{ do: "resume", job }]);
    for (let i = 0; i < MAX_DRAIN; i += 1) {
      const isDue = this.#seen.waiting.some(({ dueAt }) => dueAt <= this.fleet.now);
      if (this.fleet.held.length > 0) await this.happen([{ do: "finish", pick: 0, isGood: true }]);
      else if (isDue) await this.happen([{ do: "take", pick: 0, worker: i }]);
      else break;
    }
    for (const job of JOBS) {
      expect(this.model.due(job)).toEqual([]);
      expect(this.model.openRuns(job)).toEqual([]);
      expect(this.#seen.jobs.get(job)?.stored?.running ?? 0).toBe(0);
      const runs = this.model.account(job).ledger.map(({ run }) => run);
      expect(new Set(runs).size).toBe(runs.length);
    }
  }

  /** How many occurrences ended how. */
  tally(into: Record<string, number>): void {
    for (const job of JOBS)
      for (const { verdict, reason } of this.model.account(job).ledger) {
        const key = reason ?? verdict;
        into[key] = (into[key] ?? 0) + 1;
      }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet[Symbol.asyncDispose]();
  }
}

/** `undefined` and absent are the same, as they are on the wire. */
function plain(view: object): object {
  return JSON.parse(JSON.stringify(view)) as object;
}

/** Every order of the acts, each in every way that it may go, with what the model comes to. */
function* outcomes(
  model: Model,
  acts: readonly Act[],
  answers: readonly (string | undefined)[] = [],
): Generator<{ model: Model; answers: string[] }> {
  const left = acts.map((_, i) => i).filter((i) => answers[i] === undefined);
  if (left.length === 0) yield { model, answers: answers.map((answer) => answer ?? "") };
  for (const i of left)
    for (const way of acts[i]?.ways ?? []) {
      const copy = model.copy();
      const answer = way(copy);
      if (answer === undefined) continue;
      const more = Array.from(acts, (_, k) => (k === i ? answer : answers[k]));
      yield* outcomes(copy, acts, more);
    }
}

class StepCommand implements fc.AsyncCommand<{ trial: undefined }, Trial> {
  readonly #steps: readonly Step[];
  readonly #choices: readonly number[] | undefined;

  constructor(steps: readonly Step[], choices?: readonly number[]) {
    this.#steps = steps;
    this.#choices = choices;
  }

  check(): boolean {
    return true;
  }

  async run(_: unknown, trial: Trial): Promise<void> {
    await trial.happen(this.#steps, this.#choices);
  }

  toString(): string {
    const steps = this.#steps.map((one) => JSON.stringify(one)).join(" | ");
    if (this.#steps.length === 1) return steps;
    return `at once (${this.#choices?.join() ?? "freely"}): ${steps}`;
  }
}

/** One step after the other. */
const inTurns = step.map((one) => new StepCommand([one]));
/** A few at the same time; their calls one by one in a given order, or as they come. */
const atOnce = fc
  .tuple(
    fc.array(concurrentStep, { minLength: 2, maxLength: WORKERS }),
    fc.option(fc.array(fc.nat(3), { minLength: 6, maxLength: 12 }), { nil: undefined }),
  )
  .map(([steps, choices]) => new StepCommand(steps, choices));

/** An engine that is compared with the model. */
export interface Contender {
  readonly name: string;
  readonly open: (options: PlaceOptions) => Promise<Place>;
  /** How many sequences, unless the environment says. */
  readonly runs: number;
  readonly prepare?: () => Promise<AsyncDisposable>;
}

/** Compares an engine with the model: the same things happen to both. */
export function compareWithModel(contender: Contender): void {
  const time: Time = { now: START };
  const tally: Record<string, number> = {};
  let at: Place | undefined;
  let runs = 0;

  const property = (title: string, commands: fc.Arbitrary<StepCommand>[], share: number) => {
    test(
      title,
      async () => {
        const sequences = fc.commands(commands, {
          maxCommands: MAX_STEPS,
          size: "max",
          ...(REPLAY === undefined ? {} : { replayPath: REPLAY }),
        });
        await fc.assert(
          fc.asyncProperty(firstStep, sequences, async (first, sequence) => {
            if (!at) throw new Error("the engine is not open");
            await using trial = await Trial.open(at, time);
            await trial.happen([first]);
            await fc.asyncModelRun(() => ({ model: { trial: undefined }, real: trial }), sequence);
            await trial.drain();
            trial.tally(tally);
            runs += 1;
          }),
          {
            numRuns: Math.max(1, Math.round(Number(RUNS ?? contender.runs) * share)),
            endOnFailure: false,
            ...(SEED === undefined ? {} : { seed: Number(SEED) }),
            ...(PATH === undefined ? {} : { path: PATH }),
          },
        );
      },
      3_600_000,
    );
  };

  describe(`${contender.name} does as the model`, () => {
    let server: AsyncDisposable | undefined;
    beforeAll(async () => {
      server = await contender.prepare?.();
      const prefix = `model-${process.pid}-${contender.name}`;
      at = await contender.open({ prefix, engines: WORKERS + 1, now: () => time.now });
    }, 120_000);
    afterAll(async () => {
      await at?.close();
      await server?.[Symbol.asyncDispose]();
      console.log(`model on ${contender.name}: ${runs} sequences, ${JSON.stringify(tally)}`);
    });
    property("whatever happens, one thing after the other", [inTurns], 0.5);
    property("whatever happens, several things at once", [inTurns, atOnce], 0.5);
  });
}
