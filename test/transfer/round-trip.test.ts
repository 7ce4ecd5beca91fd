import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Engine } from "../../src/engine/port/engine.ts";
import { type Kind, KINDS, openEngine } from "./engines.ts";
import { comparable, exported, imported } from "./moved-state.ts";
import { stateArb } from "./state-arbitrary.ts";

const ROUNDS = 30;
const prefix = `transfer-${randomUUID().slice(0, 8)}`;
const engines = {} as Record<Kind, Engine>;

beforeAll(async () => {
  for (const kind of KINDS) engines[kind] = await openEngine(kind, prefix);
}, 120_000);
afterAll(async () => {
  for (const engine of Object.values(engines)) await engine.close();
});

test("a state that goes through every engine comes out as it went in", async () => {
  let round = 0;
  await fc.assert(
    fc.asyncProperty(stateArb("@"), async (template) => {
      // The engines keep the remains of earlier rounds; unique ids tell this round's jobs apart.
      round += 1;
      const begin = `r${round}-`;
      const state = template.replaceAll('"@', `"${begin}`);
      const isOwn = (jobId: string): boolean => jobId.startsWith(begin);
      const wanted = comparable(state);
      let text = state;
      for (const kind of ["redis", "postgres", "memory", "redis-again"] as const) {
        const engine =
          kind === "redis-again" ? await openEngine("redis", `${prefix}-${round}`) : engines[kind];
        try {
          const summary = await imported(engine, text, { onConflict: "skip" });
          expect(summary.skipped.filter(isOwn)).toEqual([]);
          text = await exported(engine);
          expect(comparable(text, isOwn)).toEqual(wanted);
        } finally {
          if (kind === "redis-again") await engine.close();
        }
      }
    }),
    { numRuns: ROUNDS },
  );
}, 240_000);
