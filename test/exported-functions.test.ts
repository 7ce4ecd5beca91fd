// Calls every function that programs can import with nothing and with garbage, as untyped programs may. Each accepts it, or
// refuses with a CronduitError: an error of the language says nothing of what to write instead.
import { expect, test } from "vitest";
import * as root from "../src/index.ts";
import * as tools from "../src/triggers.ts";

type Untyped = (...given: readonly unknown[]) => unknown;

/** The functions and classes of a module and of its namespaces. Programs catch errors; they don't make them. */
function functionsOf(space: object, prefix: string): [string, Untyped][] {
  return Object.entries(space).flatMap(([name, value]: [string, unknown]) => {
    if (Object.prototype.toString.call(value) === "[object Module]")
      return functionsOf(value as object, `${prefix}${name}.`);
    if (typeof value !== "function" || value.prototype instanceof Error) return [];
    return [[prefix + name, value as Untyped] as [string, Untyped]];
  });
}

const GARBAGE: readonly (readonly [string, unknown])[] = [
  ["undefined", undefined],
  ["null", null],
  ["an empty string", ""],
  ["x", "x"],
  ["a long string", "a ".repeat(5_000)],
  ["0", 0],
  ["-1", -1],
  ["1.5", 1.5],
  ["NaN", Number.NaN],
  ["Infinity", Infinity],
  ["true", true],
  ["1n", 1n],
  ["a symbol", Symbol("a")],
  ["an empty list", []],
  ["a list", [1]],
  ["an empty object", {}],
  ["an object without a prototype", Object.create(null)],
  ["a group without members", { kind: "or" }],
  ["of no kind", { kind: "nope" }],
  ["a function", () => 1],
  ["an invalid Date", new Date(Number.NaN)],
  ["a Date", new Date(0)],
  ["a Map", new Map()],
  ["a pattern", /x/],
];

const CALLS: readonly (readonly [string, readonly unknown[]])[] = [
  ["nothing", []],
  ...GARBAGE.flatMap(([name, value]): [string, unknown[]][] => [
    [name, [value]],
    [`twice ${name}`, [value, value]],
    [`four times ${name}`, [value, value, value, value]],
    [`a string and ${name}`, ["x", value]],
    [`an object and ${name}`, [{}, value]],
  ]),
];

/** The methods of an object of ours, but those that end it. */
function methodsOf(object: object): string[] {
  const own = Object.getPrototypeOf(object) as object;
  if (own === Object.prototype) return [];
  const methods = Object.entries(Object.getOwnPropertyDescriptors(own)).filter(
    ([name, { value }]) => typeof value === "function" && !ENDS.has(name),
  );
  return [...methods.map(([name]) => name), ...methodsOf(own)];
}
const ENDS = new Set(["constructor", "shutdown", "stop"]);

async function fault(call: Untyped, given: readonly unknown[]): Promise<string | undefined> {
  try {
    const isClass = /^class\b/.test(Function.prototype.toString.call(call));
    const made: unknown = await (isClass
      ? // Our classes take their options; what the testing kit gives beside them is internal.
        Reflect.construct(call, given.slice(0, 1))
      : call(...given));
    if (typeof made === "object" && made !== null && Symbol.asyncIterator in made)
      for await (const _ of made as AsyncIterable<unknown>) break;
    return undefined;
  } catch (error) {
    return root.isCronduitError(error) ? undefined : String(error);
  }
}

test.each([...functionsOf(root, ""), ...functionsOf(tools, "")])("%s", async (_, call) => {
  const faults: string[] = [];
  for (const [name, given] of CALLS) {
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
  const methods = methodsOf(scheduler);
  expect(methods.length).toBeGreaterThan(30);
  const faults: string[] = [];
  for (const method of methods) {
    const call = Reflect.get(scheduler, method) as Untyped;
    for (const [name, given] of CALLS) {
      const found = await fault(call.bind(scheduler), given);
      if (found !== undefined) faults.push(`${method}, ${name}: ${found}`);
    }
  }
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
