import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import {
  cruise,
  type ICruiseOptions,
  type ICruiseResult,
  type IFlattenedRuleSet,
} from "dependency-cruiser";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const rules = createRequire(import.meta.url)("../.dependency-cruiser.cjs") as IFlattenedRuleSet & {
  readonly options: ICruiseOptions;
};

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const sources: readonly SourceFile[] = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => join("src", name))
  .map((path) => ({ path, text: readFileSync(path, "utf8") }));

/** Everything by which a program learns the time or is called back later. */
const TIME: ReadonlySet<string> = new Set(
  [
    "setTimeout setInterval setImmediate Date.now Date() performance.now performance.timeOrigin",
    "process.hrtime process.uptime AbortSignal.timeout Temporal.Now",
    "node:timers node:timers/promises timers timers/promises node:perf_hooks perf_hooks",
  ]
    .flatMap((names) => names.split(" "))
    .concat("new Date()"),
);
const ENVIRONMENT = new Set(["process.env", "node:process", "process"]);

/** The uses of `names` in a file's code; comments and texts don't count. */
function uses(names: ReadonlySet<string>, file: SourceFile): string[] {
  const found: string[] = [];
  const tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    const name = nameOf(node);
    if (name !== undefined && names.has(name)) {
      const { line } = tree.getLineAndCharacterOfPosition(node.getStart(tree));
      found.push(`${file.path}:${line + 1} ${name}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function nameOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return lastTwo(node.getText());
  if (ts.isNewExpression(node) && (node.arguments?.length ?? 0) === 0)
    return `new ${node.expression.getText()}()`;
  if (ts.isCallExpression(node) && node.arguments.length === 0)
    return `${node.expression.getText()}()`;
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier))
    return node.moduleSpecifier.text;
  if (!ts.isIdentifier(node)) return undefined;
  // `clock.setTimeout` is a method of something; the bare name, or one of globalThis, is the global.
  const { parent } = node;
  const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node;
  const isGlobal = isMember && parent.expression.getText() === "globalThis";
  return isMember && !isGlobal ? undefined : node.text === "process" ? undefined : node.text;
}

function lastTwo(text: string): string {
  return text
    .replaceAll(/\s|\?/g, "")
    .split(".")
    .filter((part) => part !== "globalThis")
    .slice(0, 2)
    .join(".");
}

const outside = (...allowed: readonly string[]): readonly SourceFile[] =>
  sources.filter(({ path }) => !allowed.some((start) => path.startsWith(start)));

/** What dependency-cruiser finds in the `src` of a folder. */
async function inspect(baseDir: string): Promise<{ violations: string[]; result: ICruiseResult }> {
  const { output } = await cruise(["src"], {
    ...rules.options,
    baseDir,
    ruleSet: rules,
    validate: true,
  });
  const result = output as ICruiseResult;
  const violations = result.summary.violations.map(
    ({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`,
  );
  return { violations, result };
}

test("imports point downwards, by the table of .dependency-cruiser.cjs", async () => {
  const { violations, result } = await inspect(process.cwd());
  expect(violations).toEqual([]);
  // A checker that reads nothing finds nothing.
  const read = result.modules.filter(({ source }) => source.startsWith("src/"));
  expect(read).toHaveLength(sources.length);
  expect(sources.length).toBeGreaterThan(40);
  expect(result.summary.totalDependenciesCruised).toBeGreaterThan(sources.length);
});

describe("the table", () => {
  const files: Readonly<Record<string, string>> = {
    "core/clock.ts": 'import type { Job } from "../jobs/job.ts"; export type A = Job;',
    "jobs/job.ts": 'import { Queue } from "bullmq"; export type Job = Queue;',
    "engine/queue.ts": 'import { Queue } from "bullmq"; export const a = Queue;',
    "pipeline/a.ts": 'import { b } from "../triggers/b.ts"; export const a = b;',
    "triggers/b.ts": 'import { c } from "./c.ts"; export const b = c;',
    "triggers/c.ts": 'import { b } from "./b.ts"; export const c = () => b;',
    "worker/run.ts":
      'import { spawn } from "node:child_process"; import "../index.ts"; spawn("a");',
    "misc/odd.ts": 'import { a } from "../pipeline/a.ts"; export const odd = a;',
    "history/alone.ts": "export const alone = 1;",
    "events/bus.ts": 'import "vitest"; import "../missing.ts";',
    "engine/port/engine.ts": 'import { a } from "../codec/a.ts"; export const engine = a;',
    "engine/codec/a.ts": "export const a = 1;",
    "engine/redis/a.ts": 'import { a } from "../codec/a.ts"; import "../postgres/b.ts"; a;',
    "engine/postgres/b.ts": 'import { a } from "../codec/a.ts"; export const b = a;',
    "engine/bare/d.ts": "export const d = 1;",
    "bare/e.ts": "export const e = 1;",
    "engine/e.ts": 'import { d } from "./bare/d.ts"; import { e } from "../bare/e.ts"; d; e;',
    "engine/loose/c.ts": 'import { b } from "../postgres/b.ts"; export const c = b;',
    "dashboard/page.ts":
      'import { routes } from "../api/contract/routes.ts"; import { edge } from "../api/edge.ts"; import type { Own } from "../api/contract/routes.ts"; import { PAGES } from "../api/contract/pages.ts"; export const page: Own = { edge, routes, PAGES };',
    "api/contract/routes.ts": "export const routes = 1; export type Own = object;",
    "api/contract/pages.ts": "export const PAGES = 1;",
    "api/edge.ts": "export const edge = 1;",
    "tasks/task.ts": "export const task = 1;",
    "scheduler/uses.ts": 'import { task } from "../tasks/task.ts"; export const uses = task;',
    "index.ts":
      'import "./scheduler/uses.ts"; import "./engine/queue.ts"; import "./worker/run.ts";',
  };

  test("finds each kind of import that it forbids, and no other", async () => {
    const dir = mkdtempSync(join(tmpdir(), "cronduit-architecture-"));
    try {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(dir, "src", name)), { recursive: true });
        writeFileSync(join(dir, "src", name), text);
      }
      for (const name of ["package.json", "tsconfig.json"]) cpSync(name, join(dir, name));
      symlinkSync(resolve("node_modules"), join(dir, "node_modules"));
      const { violations } = await inspect(dir);
      const found = violations.map((text) => text.replace(/ -> .*node_modules.*/, ""));
      expect(found.toSorted()).toEqual([
        "dashboard-knows-the-contract-only: src/dashboard/page.ts -> src/api/edge.ts",
        "dashboard-knows-types-of-the-contract-only: src/dashboard/page.ts -> src/api/contract/routes.ts",
        "dashboard-knows-types-of-the-contract-only: src/dashboard/page.ts -> src/api/edge.ts",
        "engine-room-port: src/engine/port/engine.ts -> src/engine/codec/a.ts",
        "engine-room-redis: src/engine/redis/a.ts -> src/engine/postgres/b.ts",
        "every-engine-room-has-a-row: src/engine/loose/c.ts -> src/engine/postgres/b.ts",
        "every-folder-has-a-row: src/misc/odd.ts -> src/pipeline/a.ts",
        "imports-only-engine-rooms-with-a-row: src/engine/e.ts -> src/engine/bare/d.ts",
        "imports-only-what-has-a-row: src/engine/e.ts -> src/bare/e.ts",
        "layer-core: src/core/clock.ts -> src/jobs/job.ts",
        "layer-engine: src/engine/e.ts -> src/bare/e.ts",
        "layer-pipeline: src/pipeline/a.ts -> src/triggers/b.ts",
        "layer-worker: src/worker/run.ts -> src/index.ts",
        "no-circular: src/index.ts -> src/worker/run.ts",
        "no-circular: src/triggers/b.ts -> src/triggers/c.ts",
        "no-development-dependency: src/events/bus.ts",
        "no-orphans: src/history/alone.ts -> src/history/alone.ts",
        "nobody-imports-the-entry-points: src/worker/run.ts -> src/index.ts",
        "nothing-unresolvable: src/events/bus.ts -> ../missing.ts",
        "only-engine: src/jobs/job.ts",
        "only-execution-tasks: src/worker/run.ts -> child_process",
        "tasks-are-apart: src/scheduler/uses.ts -> src/tasks/task.ts",
      ]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

test("only core/clock reads the time or sets timers, and in browsers one file of the dashboard", () => {
  const clocks = ["src/core/clock.ts", "src/dashboard/app/browser-clock.ts"];
  expect(outside(...clocks).flatMap((file) => uses(TIME, file))).toEqual([]);
});

test("only the command line reads the environment", () => {
  expect(outside("src/cli/").flatMap((file) => uses(ENVIRONMENT, file))).toEqual([]);
});

test("no file is longer than 350 lines", () => {
  const long = sources
    .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > 350);
  expect(long).toEqual([]);
});

test("no file name stands for two things, except in folders that tell them apart", () => {
  // Pairs that implement one sub-port, and one file for each kind of trigger.
  const telling = /^src\/(?:engine\/(?:port|redis|postgres)|triggers\/resolve)\//;
  const names = outside().flatMap(({ path }) => (telling.test(path) ? [] : [basename(path)]));
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  expect(names.length).toBeGreaterThan(100);
});

describe("the scan", () => {
  const found = (text: string): string[] =>
    uses(new Set([...TIME, ...ENVIRONMENT]), { path: "x.ts", text });

  test.each([
    "setTimeout(f, 1);",
    "const later = setTimeout;",
    "globalThis.setInterval(f, 1);",
    "new Date();",
    "new Date;",
    "const text = Date();",
    "const now = Date.now;",
    "performance\n  .now();",
    "process.hrtime.bigint();",
    "AbortSignal.timeout(5);",
    'import { setTimeout as sleep } from "node:timers/promises";',
    "const { HOME } = process.env;",
    "globalThis.process.env.HOME;",
    'import { env } from "node:process";',
  ])("finds %j", (text) => {
    expect(found(text)).not.toEqual([]);
  });

  test.each([
    "new Date(0);",
    "new Date(clock.now());",
    "Date.UTC(2026, 0);",
    "clock.setTimeout(f);",
    "clock.now();",
    "// setTimeout(f)",
    'const text = "Date.now";',
    "process.pid;",
  ])("passes %j", (text) => {
    expect(found(text)).toEqual([]);
  });
});
