import fc from "fast-check";
import { type Time, WORKERS } from "./fleet.ts";
import type { Place } from "./place.ts";
import { concurrentStep, firstStep, type Step, step } from "./step.ts";
import { Trial } from "./trial.ts";

/** What failed may take this long to be made short. */
const SHRINK_LIMIT_MS = 300_000;

class StepCommand implements fc.AsyncCommand<{ trial: undefined }, Trial> {
  readonly #steps: readonly Step[];
  readonly #choices: readonly number[] | undefined;
  readonly #isWhenDue: boolean;

  constructor(steps: readonly Step[], choices?: readonly number[], isWhenDue = false) {
    this.#steps = steps;
    this.#choices = choices;
    this.#isWhenDue = isWhenDue;
  }

  check(): boolean {
    return true;
  }

  async run(_: unknown, trial: Trial): Promise<void> {
    if (this.#isWhenDue) await trial.happen([{ do: "untilDue" }]);
    await trial.happen(this.#steps, this.#choices);
  }

  toString(): string {
    const steps = this.#steps.map((one) => JSON.stringify(one)).join(" | ");
    if (this.#steps.length === 1) return steps;
    return `${this.#isWhenDue ? "when next due, " : ""}at once (${this.#choices?.join() ?? "freely"}): ${steps}`;
  }
}

/** One step after the other. */
const inTurns = step.map((one) => new StepCommand([one]));
/** A few at the same time; their calls one by one in a given order, or as they come. */
const atOnce = fc
  .tuple(
    fc.array(concurrentStep, { minLength: 2, maxLength: WORKERS }),
    fc.option(fc.array(fc.nat(3), { minLength: 6, maxLength: 12 }), { nil: undefined, freq: 2 }),
    fc.boolean(),
  )
  .map((parts) => new StepCommand(...parts));

/** Which sequences: of steps that follow each other, or of some that happen at the same time too. */
export const SEQUENCES = { "in turns": [inTurns], "at once": [inTurns, atOnce] } as const;

/** Where and how sequences are tried. */
export interface Attempts {
  readonly place: Place;
  readonly time: Time;
  readonly sequences: keyof typeof SEQUENCES;
  readonly runs: number;
  readonly maxSteps: number;
  /** After this time no more are begun. */
  readonly limitMs: number;
  /** To run one again as it failed: what fast-check printed. */
  readonly path?: string | undefined;
  readonly replay?: string | undefined;
  readonly seed?: number | undefined;
  /** Called after each sequence that went as in the reference. */
  onDone(trial: Trial): void;
}

/** Tries random sequences. @throws Error that tells the shortest one found in which the engine differs */
export async function trySequences(attempts: Attempts): Promise<void> {
  const { place, time, runs, maxSteps, path, replay, seed } = attempts;
  const sequences = fc.commands([...SEQUENCES[attempts.sequences]], {
    maxCommands: maxSteps,
    size: "max",
    ...(replay === undefined ? {} : { replayPath: replay }),
  });
  const from = performance.now();
  let { limitMs } = attempts;
  const property = fc.asyncProperty(firstStep, sequences, async (first, sequence) => {
    if (performance.now() - from > limitMs) return;
    try {
      await using trial = await Trial.open((await place.again?.()) ?? place, time);
      await trial.happen([first]);
      await fc.asyncModelRun(() => ({ model: { trial: undefined }, real: trial }), sequence);
      await trial.drain();
      attempts.onDone(trial);
    } catch (error) {
      limitMs = SHRINK_LIMIT_MS;
      throw error;
    }
  });
  await fc.assert(property, {
    numRuns: runs,
    ...(path === undefined ? {} : { path }),
    ...(seed === undefined ? {} : { seed }),
  });
}
