// What programs without types may pass, to anything that they can call.
import { isCronduitError } from "../../src/index.ts";

/** A function as untyped programs call it. */
export type Untyped = (...given: readonly unknown[]) => unknown;

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

/** What to call a function with, each under a name. */
export const GARBAGE_CALLS: readonly (readonly [string, readonly unknown[]])[] = [
  ["nothing", []],
  ...GARBAGE.flatMap(([name, value]): [string, unknown[]][] => [
    [name, [value]],
    [`twice ${name}`, [value, value]],
    [`four times ${name}`, [value, value, value, value]],
    [`a string and ${name}`, ["x", value]],
    [`an object and ${name}`, [{}, value]],
  ]),
];

/** What went wrong in a call: nothing, if it was accepted, or refused with an error of this package. */
export async function fault(call: Untyped, given: readonly unknown[]): Promise<string | undefined> {
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
    return isCronduitError(error) ? undefined : String(error);
  }
}

/**
 * Calls every method of an object of ours with garbage.
 * @param without Those that end it.
 */
export async function faultsOf(
  object: object,
  without: readonly string[],
): Promise<{ methods: readonly string[]; faults: readonly string[] }> {
  const methods = methodsOf(object).filter((name) => !without.includes(name));
  const faults: string[] = [];
  for (const method of methods) {
    const call = Reflect.get(object, method) as Untyped;
    for (const [name, given] of GARBAGE_CALLS) {
      const found = await fault(call.bind(object), given);
      if (found !== undefined) faults.push(`${method}, ${name}: ${found}`);
    }
  }
  return { methods, faults };
}

function methodsOf(object: object): string[] {
  const names = new Set<string>();
  for (let at = ownOf(object); at !== Object.prototype; at = ownOf(at))
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (typeof value === "function" && name !== "constructor") names.add(name);
  return [...names];
}

function ownOf(object: object): object {
  return Object.getPrototypeOf(object) as object;
}
