// What programs may import: few names at the root, none that is everybody's.
import { dirname, resolve } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const ENTRIES = [
  "src/api.ts",
  "src/client.ts",
  "src/config.ts",
  "src/index.ts",
  "src/simulate.ts",
  "src/tasks.ts",
  "src/testing.ts",
  "src/testing/jest.ts",
  "src/testing/vitest.ts",
  "src/triggers.ts",
] as const;

interface Exported {
  readonly name: string;
  /** There at run time, and no type only. */
  readonly isValue: boolean;
}

const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile("tsconfig.json", (path) => ts.sys.readFile(path)).config,
  ts.sys,
  ".",
);
const program = ts.createProgram(ENTRIES, { ...options, noEmit: true });
const checker = program.getTypeChecker();

function exportsOf(entry: (typeof ENTRIES)[number]): Exported[] {
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${entry} exports nothing`);
  return checker.getExportsOfModule(module).map((symbol) => {
    const isTypeOnly = (symbol.declarations ?? []).some(ts.isTypeOnlyExportDeclaration);
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return { name: symbol.name, isValue: !isTypeOnly && (target.flags & ts.SymbolFlags.Value) > 0 };
  });
}

const namesOf = (exported: readonly Exported[]): string[] => exported.map(({ name }) => name);
const root = exportsOf("src/index.ts");
const simulation = exportsOf("src/simulate.ts");
const config = exportsOf("src/config.ts");
const triggers = exportsOf("src/triggers.ts");
const tasks = exportsOf("src/tasks.ts");
const testing = exportsOf("src/testing.ts");

test("the root exports at most 150 names, 60 of them values", async () => {
  const values = namesOf(root.filter(({ isValue }) => isValue));
  // The compiler sees what is there at run time.
  expect(values.toSorted()).toEqual(Object.keys(await import("../src/index.ts")).toSorted());
  expect(values).toContain("PipelineScheduler");
  expect(values.length).toBeLessThanOrEqual(60);
  expect(namesOf(root)).toContain("RunContext");
  expect(root.length).toBeLessThanOrEqual(150);
});

test("the names of cronduit/triggers are those of triggers, calendars and conditions", async () => {
  const values = namesOf(triggers.filter(({ isValue }) => isValue));
  expect(values.toSorted()).toEqual(Object.keys(await import("../src/triggers.ts")).toSorted());
  expect(namesOf(triggers)).toEqual(
    expect.arrayContaining(["previewTrigger", "resolveTrigger", "TriggerSpec", "parseCondition"]),
  );
});

test("cronduit/simulate has few names", async () => {
  const values = namesOf(simulation.filter(({ isValue }) => isValue));
  expect(values.toSorted()).toEqual(Object.keys(await import("../src/simulate.ts")).toSorted());
  expect(values.toSorted()).toEqual([
    "CronduitError",
    "TriggerError",
    "describeSimulation",
    "readFleet",
    "simulate",
  ]);
});

test("cronduit/config has few names", async () => {
  const values = namesOf(config.filter(({ isValue }) => isValue));
  expect(values.toSorted()).toEqual(Object.keys(await import("../src/config.ts")).toSorted());
  expect(values.toSorted()).toEqual([
    "CronduitError",
    "JobFiles",
    "PROBLEM_CODES",
    "describeOutcome",
    "describeProblem",
    "readSet",
  ]);
});

test("cronduit/tasks has few names", async () => {
  const values = namesOf(tasks.filter(({ isValue }) => isValue));
  expect(values.toSorted()).toEqual(Object.keys(await import("../src/tasks.ts")).toSorted());
  expect(values.toSorted()).toEqual(["CronduitError", "TaskError", "createTasks"]);
});

test("the names of cronduit/testing are those that tests need", async () => {
  const values = namesOf(testing.filter(({ isValue }) => isValue));
  expect(values.toSorted()).toEqual(Object.keys(await import("../src/testing.ts")).toSorted());
  expect(values).toEqual(expect.arrayContaining(["createTestScheduler", "createRunContext"]));
  expect(testing.length).toBeLessThanOrEqual(20);
  expect(namesOf(exportsOf("src/testing/jest.ts"))).toEqual(["matchers"]);
  expect(namesOf(exportsOf("src/testing/vitest.ts"))).toEqual(["matchers"]);
});

/** Words that other libraries and programs have, too. */
const EVERYBODYS =
  "after all and any at before cron daily delay every in inject manual monthly not of on once or retry run span term weekly";

describe.each([
  ["cronduit", root],
  ["cronduit/simulate", simulation],
  ["cronduit/config", config],
  ["cronduit/tasks", tasks],
  ["cronduit/triggers", triggers],
  ["cronduit/testing", testing],
])("%s", (_, exported) => {
  test.each(EVERYBODYS.split(" "))("has no %s", (word) => {
    expect(namesOf(exported)).not.toContain(word);
  });
});

// The linter and editors take the nearest tsconfig.json. Without a mapping there, "cronduit" is dist, which may be missing or old.
test.each(["examples/quickstart.ts", "examples/demo/main.ts", "test/docs/blocks.test.ts"])(
  "%s is checked with the types of src",
  (file) => {
    const nearest = ts.findConfigFile(file, (path) => ts.sys.fileExists(path)) ?? "";
    const read = ts.readConfigFile(nearest, (path) => ts.sys.readFile(path));
    const parsed = ts.parseJsonConfigFileContent(read.config, ts.sys, dirname(nearest));
    expect(parsed.fileNames.map((name) => resolve(name))).toContain(resolve(file));
    for (const entry of ["index", "triggers"]) {
      const name = entry === "index" ? "cronduit" : `cronduit/${entry}`;
      const { resolvedModule } = ts.resolveModuleName(name, file, parsed.options, ts.sys);
      expect(resolve(resolvedModule?.resolvedFileName ?? "")).toBe(resolve(`src/${entry}.ts`));
    }
  },
);
