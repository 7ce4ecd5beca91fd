// docs/reference.md is what `npm run reference` makes of types and docstrings, and their defaults are those of the code.
import { readFileSync } from "node:fs";
import ts from "typescript";
import { expect, test } from "vitest";
import { z } from "zod";
import { fieldsOf } from "../../scripts/reference/fields.ts";
import { readPublicSurface } from "../../scripts/reference/exports.ts";
import { makeReference } from "../../scripts/reference/page.ts";
import { PAGES_WITH_TABLES, tablePage } from "../../scripts/reference/tables.ts";
import { parseDuration } from "../../src/core/durations.ts";
import { jobOptionsSchema } from "../../src/jobs/options.ts";
import { schedulerOptionsSchema } from "../../src/scheduler/scheduler-options.ts";
import { workerOptionsSchema } from "../../src/worker/worker-options.ts";

const surface = readPublicSurface();

test("docs/reference.md is up to date; if not: npm run reference", () => {
  const page = readFileSync(new URL("../../docs/reference.md", import.meta.url), "utf8");
  expect(page).toBe(makeReference(surface));
});

test.each(PAGES_WITH_TABLES)(
  "the table of docs/%s is up to date; if not: npm run reference",
  async (name) => {
    const { was, is } = await tablePage(name, surface);
    expect(was).toBe(is);
  },
);

test("a property shows `undefined` where it is always there, and a question mark where it may be missing", () => {
  const page = makeReference(surface);
  expect(page).toContain("| `next` | `(after: EpochMs) => EpochMs \\| undefined` |");
  expect(page).toContain("| `previous` | `PreviousRun \\| undefined` |");
  expect(page).toContain("| `tags?` | `string[]` |");
});

test("what public methods take and return has an entry, inherited ones included", () => {
  const known = new Set(surface.exports.map(({ symbol }) => symbol));
  const named = surface.exports.flatMap(({ symbol, declaration }) =>
    ts.isClassDeclaration(declaration)
      ? surface.checker
          .getDeclaredTypeOfSymbol(symbol)
          .getProperties()
          .flatMap((member) => interfacesOf(member))
      : [],
  );
  expect(named.map(({ name }) => name)).toContain("JobCountOptions");
  expect(named.filter((type) => !known.has(type)).map(({ name }) => name)).toEqual([]);
});

/** The package's interfaces that a public method's signature names. */
function interfacesOf({ declarations = [] }: ts.Symbol): ts.Symbol[] {
  return declarations.filter(ts.isMethodDeclaration).flatMap((method) => {
    const flags = ts.getCombinedModifierFlags(method);
    const isHidden = flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected);
    if (isHidden || ts.isPrivateIdentifier(method.name)) return [];
    const signature = [...method.parameters, method.type].map((part) => part?.getText() ?? "");
    return surface.checker
      .getSymbolsInScope(method, ts.SymbolFlags.Interface | ts.SymbolFlags.Alias)
      .filter(({ name }) => signature.some((text) => text.split(/\W+/).includes(name)))
      .map((found) =>
        found.flags & ts.SymbolFlags.Alias
          ? surface.checker.getAliasedSymbol(found)
          : surface.checker.getExportSymbolOfSymbol(found),
      )
      .filter(({ declarations: [first] = [] }) => {
        const file = first?.getSourceFile().fileName ?? "";
        return first && ts.isInterfaceDeclaration(first) && !file.includes("node_modules");
      });
  });
}

test("docstrings of the public surface link to names that can be imported, and to members", () => {
  const importable = surface.exports.filter(({ from }) => from !== undefined);
  const names = new Set(importable.map(({ name }) => name));
  const strangers = surface.exports.flatMap(({ name, symbol, declaration }) => {
    const type = surface.checker.getDeclaredTypeOfSymbol(symbol);
    const members = new Set(type.getProperties().map((member) => member.name));
    const links = [...declaration.getFullText().matchAll(/\{@link\s+(\w+)/g)];
    return links
      .map(([, target = ""]) => target)
      .filter((target) => !names.has(target) && !members.has(target))
      .map((target) => `${name}: ${target}`);
  });
  expect(strangers).toEqual([]);
});

/** What each option is when it is left out, `retry.attempts` and the like included. */
function defaultsOf(schema: z.ZodType, prefix = ""): [string, unknown][] {
  if (schema instanceof z.ZodUnion)
    return schema.options.flatMap((option) => defaultsOf(option as z.ZodType, prefix));
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodPrefault
  )
    return defaultsOf(schema.unwrap() as z.ZodType, prefix);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([name, field]) => {
    const inner = defaultsOf(field, `${prefix}${name}.`);
    if (!(field instanceof z.ZodDefault)) return inner;
    return [[`${prefix}${name}`, field.parse(undefined)] as [string, unknown]].concat(inner);
  });
}

/** What a docstring says behind `@default`, as a value: of a length of time in milliseconds. */
function valueOf(text: string, like: unknown): unknown {
  const [first = ""] = text.split(":");
  if (first === "none") return Array.isArray(like) ? [] : {};
  if (typeof like === "number" && /[a-z]/.test(first)) return parseDuration(first);
  return JSON.parse(first);
}

test.each([
  ["JobRules", jobOptionsSchema],
  ["PipelineSchedulerOptions", schedulerOptionsSchema],
  ["PipelineWorkerOptions", workerOptionsSchema],
])("the docstrings of %s name the defaults of its schema", (name, schema) => {
  const item = surface.exports.find((each) => each.name === name);
  if (!item) throw new Error(`${name} is not exported`);
  const { checker } = surface;
  const fields = fieldsOf(checker.getDeclaredTypeOfSymbol(item.symbol), item.declaration, checker);
  const told = new Map(fields.map((field) => [field.name, field.default]));
  const defaults = defaultsOf(schema).filter(([option, value]) => {
    // The fields of an object type with a name of its own are told there, and a set of names is no default in one word.
    const isTold = told.has(option) || !option.includes(".");
    return isTold && (typeof value !== "object" || value === null || Array.isArray(value));
  });
  expect(defaults.length).toBeGreaterThan(5);
  for (const [option, value] of defaults)
    expect([option, valueOf(told.get(option) ?? "", value)]).toEqual([option, value]);
});
