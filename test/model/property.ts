import fc from "fast-check";
import { afterAll, assert, beforeAll, describe, expect, test } from "vitest";
import { START, type Time, WORKERS } from "./fleet.ts";
import { FOUND } from "./found.ts";
import type { Place, PlaceOptions } from "./place.ts";
import { concurrentStep, firstStep, type Step, step } from "./steps.ts";
import { Trial } from "./trial.ts";

/** How long a property is tried, unless the environment says how often. */
const LIMIT_MS = 8_000;
const SHRINK_LIMIT_MS = 300_000;
const TIMEOUT_MS = 3_600_000;
/** This many sequences contain some of everything. */
const ENOUGH_RUNS = 50;
/** To run it again as it failed, with the `SEED` of all properties: what fast-check printed, and `-t` with the test's name. */
const { MODEL_PATH: PATH, MODEL_REPLAY: REPLAY } = process.env;
/** How many sequences, and how long. */
const { MODEL_RUNS: RUNS, MODEL_STEPS: MAX_STEPS = "40" } = process.env;

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

/** An engine that is compared with the model. */
export interface ComparedEngine {
  readonly name: string;
  readonly open: (options: PlaceOptions) => Promise<Place>;
  /** How many sequences, unless the environment says. */
  readonly runs: number;
  readonly prepare?: () => Promise<AsyncDisposable>;
}

/** Compares an engine with the model: the same things happen to both. */
export function compareWithModel(compared: ComparedEngine): void {
  const time: Time = { now: START };
  const tally: Record<string, number> = {};
  let at: Place | undefined;
  let runs = 0;

  const open = (): Promise<Trial> => {
    if (!at) throw new Error("the engine is not open");
    return Trial.open(at, time);
  };
  /** Whether all of these sequences, or as many as there is time for, went as in the model. */
  const holds = async (commands: fc.Arbitrary<StepCommand>[]): Promise<boolean> => {
    const sequences = fc.commands(commands, {
      maxCommands: Number(MAX_STEPS),
      size: "max",
      ...(REPLAY === undefined ? {} : { replayPath: REPLAY }),
    });
    const from = performance.now();
    let limitMs = RUNS === undefined ? LIMIT_MS : Infinity;
    const property = fc.asyncProperty(firstStep, sequences, async (first, sequence) => {
      if (performance.now() - from > limitMs) return;
      try {
        await using trial = await open();
        await trial.happen([first]);
        await fc.asyncModelRun(() => ({ model: { trial: undefined }, real: trial }), sequence);
        assert.deepEqual(await trial.drain(), []);
        trial.tally(tally);
        runs += 1;
      } catch (error) {
        // What failed may take its time to be made short.
        limitMs = SHRINK_LIMIT_MS;
        throw error;
      }
    });
    await fc.assert(property, {
      numRuns: Math.max(1, Math.round(Number(RUNS ?? compared.runs) / 2)),
      ...(PATH === undefined ? {} : { path: PATH }),
    });
    return true;
  };

  describe(`${compared.name} does as the model`, () => {
    let server: AsyncDisposable | undefined;
    beforeAll(async () => {
      server = await compared.prepare?.();
      const prefix = `model-${process.pid}-${compared.name.replaceAll(" ", "-")}`;
      at = await compared.open({ prefix, engines: WORKERS + 1, now: () => time.now });
    }, 120_000);
    afterAll(async () => {
      await at?.close();
      await server?.[Symbol.asyncDispose]();
      console.log(`model on ${compared.name}: ${runs} sequences, ${JSON.stringify(tally)}`);
    });
    test.each(FOUND)("what was found: $title", async ({ happens }) => {
      await using trial = await open();
      for (const { steps, choices } of happens) await trial.happen(steps, choices);
      expect(await trial.drain()).toEqual([]);
    });
    test(
      "whatever happens, one thing after the other",
      async () => expect(await holds([inTurns])).toBe(true),
      TIMEOUT_MS,
    );
    test(
      "whatever happens, several things at once",
      async () => expect(await holds([inTurns, atOnce])).toBe(true),
      TIMEOUT_MS,
    );
    test("most of what can become of an occurrence was seen", () => {
      const usual = ["succeeded", "failed", "missed", "coalesced", "max-instances", "paused"];
      const few = runs < ENOUGH_RUNS ? [] : usual.filter((verdict) => !(verdict in tally));
      expect(few).toEqual([]);
    });
  });
}
