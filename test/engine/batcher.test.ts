import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextTurn } from "../../src/core/clock.ts";
import { Batcher } from "../../src/engine/calls/batcher.ts";

/** A batcher that doubles numbers, and the sizes of its calls. */
function doubling(limit: number): { batcher: Batcher<number, number>; calls: number[] } {
  const calls: number[] = [];
  const batcher = new Batcher<number, number>(async (numbers) => {
    calls.push(numbers.length);
    return numbers.map((n) => n * 2);
  }, limit);
  return { batcher, calls };
}

describe("batcher", () => {
  test("requests of one turn share a call, and each gets its own answer", async () => {
    const { batcher, calls } = doubling(100);
    expect(await Promise.all([1, 2, 3].map((n) => batcher.add(n)))).toEqual([2, 4, 6]);
    expect(calls).toEqual([3]);
  });

  test("a later turn is another call", async () => {
    const { batcher, calls } = doubling(100);
    const first = batcher.add(1);
    await nextTurn();
    await nextTurn();
    expect(await Promise.all([first, batcher.add(2)])).toEqual([2, 4]);
    expect(calls).toEqual([1, 1]);
  });

  test("a call holds at most as many as its limit", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(), { maxLength: 50 }),
        fc.integer({ min: 1, max: 10 }),
        async (numbers, limit) => {
          const { batcher, calls } = doubling(limit);
          const answers = await Promise.all(numbers.map((n) => batcher.add(n)));
          expect(answers).toEqual(numbers.map((n) => n * 2));
          expect(calls).toHaveLength(Math.ceil(numbers.length / limit));
          expect(Math.max(0, ...calls)).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });

  test("a call that fails rejects all its requests, and no others", async () => {
    const batcher = new Batcher<number, number>(async (numbers) => {
      if (numbers.includes(3)) throw new Error("down");
      return numbers;
    }, 2);
    const ends = await Promise.allSettled([1, 2, 3, 4, 5].map((n) => batcher.add(n)));
    expect(ends.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "rejected",
      "rejected",
      "fulfilled",
    ]);
    expect(await batcher.add(6)).toBe(6);
  });

  test("too few answers reject those that have none", async () => {
    const batcher = new Batcher<number, number>(async (numbers) => numbers.slice(1), 10);
    const ends = await Promise.allSettled([1, 2].map((n) => batcher.add(n)));
    expect(ends).toMatchObject([
      { status: "fulfilled", value: 2 },
      { status: "rejected", reason: new Error("no answer 2 of 2") },
    ]);
  });
});
