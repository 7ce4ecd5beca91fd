import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { START, type Time, WORKERS } from "./fleet.ts";
import { FOUND } from "./found.ts";
import type { Place, PlaceOptions } from "./place.ts";
import { type Attempts, trySequences } from "./sequences.ts";
import { Trial } from "./trial.ts";

/** How long a property is tried, unless the environment says how often. */
const LIMIT_MS = 8_000;
const TIMEOUT_MS = 3_600_000;
/** This many sequences contain some of everything. */
const ENOUGH_RUNS = 50;
/** To run it again as it failed, with the `SEED` of all properties: what fast-check printed, and `-t` with the test's name. */
const { MODEL_PATH: path, MODEL_REPLAY: replay } = process.env;
/** How many sequences, and how long. */
const { MODEL_RUNS: RUNS, MODEL_STEPS: MAX_STEPS = "40" } = process.env;

/** An engine that is compared with the reference. */
export interface ComparedEngine {
  readonly name: string;
  readonly open: (options: PlaceOptions) => Promise<Place>;
  /** How many sequences, unless the environment says. */
  readonly runs: number;
  readonly prepare?: () => Promise<AsyncDisposable>;
}

/** Compares an engine with the reference: the same calls are made of both. */
export function compareWithReference(compared: ComparedEngine): void {
  const time: Time = { now: START };
  const tally: Record<string, number> = {};
  let at: Place | undefined;
  let runs = 0;

  const place = (): Place => {
    if (!at) throw new Error("the engine is not open");
    return at;
  };
  const tried = async (sequences: Attempts["sequences"]): Promise<number> => {
    const before = runs;
    await trySequences({
      place: place(),
      time,
      sequences,
      runs: Math.max(1, Math.round(Number(RUNS ?? compared.runs) / 2)),
      maxSteps: Number(MAX_STEPS),
      limitMs: RUNS === undefined ? LIMIT_MS : Infinity,
      path,
      replay,
      onDone(trial) {
        runs += 1;
        trial.tally(tally);
      },
    });
    return runs - before;
  };

  describe(`${compared.name} does as the rules say`, () => {
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
      await using trial = await Trial.open(place(), time);
      for (const { steps, choices } of happens) await trial.happen(steps, choices);
      await trial.drain();
      expect(trial.fleet.held).toEqual([]);
    });
    test(
      "whatever happens, one thing after the other",
      async () => expect(await tried("in turns")).toBeGreaterThan(0),
      TIMEOUT_MS,
    );
    test(
      "whatever happens, several things at once",
      async () => expect(await tried("at once")).toBeGreaterThan(0),
      TIMEOUT_MS,
    );
    test("most of what can become of an occurrence was seen", () => {
      const usual = ["succeeded", "failed", "cancelled", "missed", "coalesced", "skipped"];
      const few = runs < ENOUGH_RUNS ? [] : usual.filter((verdict) => !(verdict in tally));
      expect(few).toEqual([]);
    });
  });
}
