// Calls every function that programs can import with nothing and with garbage, as untyped programs may. Each accepts it, or
// refuses with a CronduitError: an error of the language says nothing of what to write instead.
import { expect, test } from "vitest";
import * as root from "../src/index.ts";
import * as tools from "../src/triggers.ts";
import { fault, faultsOf, GARBAGE_CALLS, type Untyped } from "./helpers/garbage.ts";

/** The functions and classes of a module and of its namespaces. Programs catch errors; they don't make them. */
function functionsOf(space: object, prefix: string): [string, Untyped][] {
  return Object.entries(space).flatMap(([name, value]: [string, unknown]) => {
    if (Object.prototype.toString.call(value) === "[object Module]")
      return functionsOf(value as object, `${prefix}${name}.`);
    if (typeof value !== "function" || value.prototype instanceof Error) return [];
    return [[prefix + name, value as Untyped] as [string, Untyped]];
  });
}

test.each([...functionsOf(root, ""), ...functionsOf(tools, "")])("%s", async (_, call) => {
  const faults: string[] = [];
  for (const [name, given] of GARBAGE_CALLS) {
    const found = await fault(call, given);
    if (found !== undefined) faults.push(`${name}: ${found}`);
  }
  expect(faults).toEqual([]);
});

class Plain extends root.Pipeline {
  run(): void {}
}

test("methods of a scheduler", { timeout: 120_000 }, async () => {
  await using scheduler = new root.PipelineScheduler({
    pipelines: [Plain],
    worker: false,
    logger: root.lineLogger("error"),
  });
  const { methods, faults } = await faultsOf(scheduler, ["shutdown"]);
  expect(methods.length).toBeGreaterThan(30);
  expect(faults).toEqual([]);
});

const untyped = { ...tools, ...root } as unknown as Record<string, Untyped>;

// What garbage would make of these is no answer.
test.each([
  ["printCondition", /^The condition.*: .* Give a string, or a condition made with when/],
  ["scheduleKindOf", /^scheduleKindOf: .* is not a resolved trigger\. Resolve it first/],
  ["dueTime", /^dueTime: .* Give an occurrence such as \{ jobId: "job_1", fireAt: /],
  ["createToken", /^createToken: .* is no description\. Write what it names, such as /],
  ["lazyToken", /^lazyToken: .* is no function that returns a class\. Write lazyToken\(\(\) => /],
  [
    "migrate",
    /^migrate, option "connection": .*(Allowed: a URL|Give redis:)|^connection: a list says nothing/,
  ],
])("%s says what to give", async (name, message) => {
  for (const given of [undefined, null, 5, [1]])
    await expect(async () => untyped[name]?.(given)).rejects.toThrow(message);
});
