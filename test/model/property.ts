import fc from "fast-check";
import { afterAll, beforeAll, describe, test } from "vitest";
import { START, type Time, WORKERS } from "./fleet.ts";
import { FOUND } from "./found.ts";
import type { Place, PlaceOptions } from "./place.ts";
import { concurrentStep, firstStep, type Step, step } from "./steps.ts";
import { Trial } from "./trial.ts";

/** To run it again as it failed: what fast-check printed as seed, path and replayPath, and `-t` with the test's name. */
const { MODEL_SEED: SEED, MODEL_PATH: PATH, MODEL_REPLAY: REPLAY } = process.env;
/** How many sequences, and how long. */
const { MODEL_RUNS: RUNS, MODEL_STEPS: MAX_STEPS = "40" } = process.env;

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

  const open = (): Promise<Trial> => {
    if (!at) throw new Error("the engine is not open");
    return Trial.open(at, time);
  };
  const property = (title: string, commands: fc.Arbitrary<StepCommand>[], share: number) => {
    test(
      title,
      async () => {
        const sequences = fc.commands(commands, {
          maxCommands: Number(MAX_STEPS),
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
      const prefix = `model-${process.pid}-${contender.name.replaceAll(" ", "-")}`;
      at = await contender.open({ prefix, engines: WORKERS + 1, now: () => time.now });
    }, 120_000);
    afterAll(async () => {
      await at?.close();
      await server?.[Symbol.asyncDispose]();
      console.log(`model on ${contender.name}: ${runs} sequences, ${JSON.stringify(tally)}`);
    });
    test.each(FOUND)("what was found: $title", async ({ happens }) => {
      await using trial = await open();
      for (const { steps, choices } of happens) await trial.happen(steps, choices);
      await trial.drain();
    });
    property("whatever happens, one thing after the other", [inTurns], 0.5);
    property("whatever happens, several things at once", [inTurns, atOnce], 0.5);
  });
}
