import fc from "fast-check";
import { expect, test } from "vitest";
import { parseCondition } from "../../src/conditions/parse.ts";
import { findWaitCycle, waitGraph } from "../../src/conditions/wait-cycle.ts";

const graphOf = (edges: Readonly<Record<string, string[]>>): Map<string, string[]> =>
  new Map(Object.entries(edges));

test.each<[string, Record<string, string[]>, string[] | undefined]>([
  ["nothing", {}, undefined],
  ["a chain", { a: ["b"], b: ["c"] }, undefined],
  ["a diamond", { a: ["b", "c"], b: ["d"], c: ["d"], d: [] }, undefined],
  ["a job that waits for itself", { a: ["a"] }, ["a", "a"]],
  ["two jobs", { a: ["b"], b: ["a"] }, ["a", "b", "a"]],
  ["a circle with a way in", { in: ["b"], b: ["c"], c: ["d", "b"] }, ["b", "c", "b"]],
  ["a circle behind a dead end", { a: ["x", "b"], b: ["c"], c: ["a"] }, ["a", "b", "c", "a"]],
  ["the names of an object's own methods", { constructor: ["toString"] }, undefined],
])("%s", (_, edges, expected) => {
  expect(findWaitCycle(graphOf(edges))).toEqual(expected);
});

test("a graph is made from conditions", () => {
  const graph = waitGraph([
    ["a", parseCondition("b.last_run_successful and not c.running")],
    ["c", parseCondition("a.never_ran")],
  ]);
  expect(findWaitCycle(graph)).toEqual(["a", "c", "a"]);
});

test("references can be any iterable", () => {
  expect(findWaitCycle(new Map([["a", new Set(["a"])]]))).toEqual(["a", "a"]);
});

test("a chain of 100,000 jobs does not overflow the stack", () => {
  const edges = Array.from({ length: 100_000 }, (_, i): [string, string[]] => [
    `${i}`,
    [`${i + 1}`],
  ]);
  expect(findWaitCycle(new Map(edges))).toBeUndefined();
  expect(findWaitCycle(new Map([...edges, ["100000", ["0"]]]))).toHaveLength(100_002);
});

const NODES = ["a", "b", "c", "d", "e", "f"];
const graphs = fc
  .array(fc.tuple(fc.constantFrom(...NODES), fc.subarray(NODES, { maxLength: 2 })), {
    maxLength: 6,
  })
  .map((edges) => new Map(edges));

/** Everything that a job waits for, directly or through others. */
function reachable(graph: ReadonlyMap<string, string[]>, from: string): Set<string> {
  const found = new Set<string>();
  const waiting = [...(graph.get(from) ?? [])];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    waiting.push(...(graph.get(next) ?? []));
  }
  return found;
}

test("a cycle is found exactly when some job waits for itself, and is a real one", () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const cycle = findWaitCycle(graph);
      const exists = NODES.some((node) => reachable(graph, node).has(node));
      expect(cycle !== undefined).toBe(exists);
      if (cycle === undefined) return;
      expect(cycle.at(-1)).toBe(cycle[0]);
      expect(new Set(cycle).size).toBe(cycle.length - 1);
      for (const [i, node] of cycle.slice(0, -1).entries())
        expect(graph.get(node)).toContain(cycle[i + 1]);
    }),
    { numRuns: 2_000 },
  );
});
