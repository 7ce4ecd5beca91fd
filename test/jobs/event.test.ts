import { expect, test } from "vitest";
import { EVENT_ALL, EVENT_BITS } from "../../src/jobs/event.ts";

test("each event has a bit of its own, and EVENT_ALL has them all", () => {
  const bits = Object.values(EVENT_BITS);
  // oxlint-disable-next-line no-bitwise
  const union = bits.reduce<number>((mask, bit) => mask | bit, 0);
  expect(bits.every((bit) => Number.isInteger(Math.log2(bit)))).toBe(true);
  expect(new Set(bits).size).toBe(bits.length);
  expect(EVENT_ALL).toBe(union);
});
