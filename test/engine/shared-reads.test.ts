// Reads that share a call.
import { expect, test } from "vitest";
import { SharedReads } from "../../src/engine/calls/shared-reads.ts";

function counted(): {
  readonly reads: SharedReads<string | undefined>;
  readonly calls: string[][];
} {
  const calls: string[][] = [];
  const reads = new SharedReads(async (keys) => {
    calls.push([...keys]);
    if (keys.includes("broken")) throw new Error("no server");
    return keys.map((key) => (key === "none" ? undefined : `value of ${key}`));
  });
  return { reads, calls };
}

test("what is asked for in one turn is read by one call, and everybody gets what they asked for", async () => {
  const { reads, calls } = counted();
  const answers = await Promise.all([
    reads.read(["a", "b"]),
    reads.read(["none"]),
    reads.read([]),
    reads.read(["a"]),
  ]);
  expect(answers).toEqual([["value of a", "value of b"], [undefined], [], ["value of a"]]);
  expect(calls).toEqual([["a", "b", "none", "a"]]);
});

test("nothing is kept: who asks later has it read anew", async () => {
  const { reads, calls } = counted();
  await reads.read(["a"]);
  await reads.read(["a"]);
  expect(calls).toEqual([["a"], ["a"]]);
});

test("who reads much does so alone", async () => {
  const { reads, calls } = counted();
  const many = Array.from({ length: 5 }, (_, i) => `k${i}`);
  await Promise.all([reads.read(many), reads.read(["a"])]);
  expect(calls.toSorted((a, b) => a.length - b.length)).toEqual([["a"], many]);
});

test("a call that fails fails for all who share it", async () => {
  const { reads } = counted();
  const answers = await Promise.allSettled([reads.read(["broken"]), reads.read(["a"])]);
  expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await expect(reads.read(["a"])).resolves.toEqual(["value of a"]);
});
