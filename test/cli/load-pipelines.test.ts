import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { CliError } from "../../src/cli/cli-error.ts";
import { loadPipelines } from "../../src/cli/pipelines/load-pipelines.ts";
import { describePipeline, Pipeline, type PipelineClass } from "../../src/index.ts";
import { createTasks } from "../../src/tasks.ts";
import { TestScheduler } from "../worker/test-scheduler.ts";

// Nothing is installed there.
const cwd = realpathSync(mkdtempSync(join(tmpdir(), "cronduit-pipelines-")));
afterAll(() => rmSync(cwd, { recursive: true }));

let files = 0;
/** Writes a module. @returns Its name in the folder. */
function written(text: string, name = `m${(files += 1)}.ts`): string {
  const path = join(cwd, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return name;
}

const namesOf = (pipelines: readonly PipelineClass[]) =>
  pipelines.map((each) => describePipeline(each).name);
const load = (...paths: string[]) => loadPipelines(paths, { cwd });

/** What loading is refused with. */
async function refusal(...paths: string[]): Promise<CliError> {
  const error: unknown = await load(...paths).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CliError)) throw new Error("nothing was refused", { cause: error });
  expect(error).toMatchObject({ code: "PIPELINES_NOT_LOADED", exit: 2 });
  return error;
}

const HELLO = `import { Pipeline } from "cronduit";
export class Hello extends Pipeline { run(): string { return "hello"; } }`;

test("no paths, no pipelines, and nothing is loaded", async () => {
  expect(await load()).toEqual([]);
});

describe("forms of modules", () => {
  test.each([
    ["named exports", "a.ts", HELLO, ["Hello"]],
    [
      "a default export",
      "b.mts",
      'import { Pipeline } from "cronduit"; export default class Main extends Pipeline { run() {} }',
      ["Main"],
    ],
    [
      "a list, a base class, and what else there is",
      "c.ts",
      `import { Pipeline } from "cronduit";
       export abstract class Base extends Pipeline { protected helper = (): number => 1; }
       export class One extends Base { run(): number { return this.helper(); } }
       class Two extends Base { run(): number { return this.helper(); } }
       export const LIMIT = 3; export function unrelated(): void {} export type T = string; export enum Kind { A }
       export const empty: unknown[] = [];
       export default [One, Two];`,
      ["One", "Two"],
    ],
    [
      "functions",
      "d.js",
      'import { defineJob } from "cronduit"; export const tidy = defineJob({ name: "tidy-up", run: () => 1 });',
      ["tidy-up"],
    ],
    [
      "CommonJS, the class itself",
      "e.cjs",
      'const { Pipeline } = require("cronduit"); module.exports = class Old extends Pipeline { run() {} };',
      ["Old"],
    ],
    [
      "CommonJS with names",
      "f.cjs",
      'const { Pipeline } = require("cronduit"); class A extends Pipeline { run() {} } module.exports = { A, n: 1 };',
      ["A"],
    ],
    [
      "CommonJS in TypeScript",
      "g.cts",
      'import { Pipeline } from "cronduit"; class B extends Pipeline { run(): void {} } export = [B];',
      ["B"],
    ],
    [
      "other files, top-level await, JSON",
      "folder/h.ts",
      `import { Pipeline } from "cronduit"; import { name } from "../lib/name.js"; import data from "../lib/data.json";
       const late = await Promise.resolve(name);
       export class H extends Pipeline { static override readonly pipelineName = late + data.n; run(): void {} }`,
      ["from-lib7"],
    ],
  ])("%s", async (_form, name, text, names) => {
    written("export const name: string = 'from-lib';", "lib/name.ts");
    written('{ "n": 7 }', "lib/data.json");
    expect(namesOf(await load(written(text, name)))).toEqual(names);
  });

  test("whole paths, the same file twice, and a class that is exported twice", async () => {
    const name = written(`${HELLO} export default Hello; export const list = [Hello];`);
    expect(namesOf(await load(name, join(cwd, name), `./${name}`))).toEqual(["Hello"]);
  });

  test("modules share what they import", async () => {
    written("export const seen: string[] = [];", "shared.ts");
    const one = written(`import { seen } from "./shared.ts"; seen.push("one"); ${HELLO}`);
    const two = written(`import { Pipeline } from "cronduit"; import { seen } from "./shared.ts";
      export class Two extends Pipeline { static override readonly pipelineName = "after-" + seen.join(); run(): void {} }`);
    expect(namesOf(await load(one, two))).toEqual(["Hello", "after-one"]);
  });
});

test("params, decorators and tsyringe's tokens work, and the pipelines run", async () => {
  const name = written(`
    import "reflect-metadata";
    import { Pipeline, pipeline } from "cronduit";
    import { container, inject, injectable } from "tsyringe";
    import { z } from "zod";
    interface Mailer { send(to: string): string }
    const MAILER = Symbol("mailer");
    @injectable() class Clock { readonly zone = "UTC"; }
    container.register<Mailer>(MAILER, { useValue: { send: (to) => "sent to " + to } });
    @injectable()
    @pipeline({ name: "mail" })
    export class Mail extends Pipeline.with(z.object({ to: z.email() })) {
      constructor(@inject(MAILER) private readonly mailer: Mailer, @inject(Clock) private readonly clock: Clock) { super(); }
      run({ params }: this["Context"]) { return this.mailer.send(params.to) + this.clock.zone; }
    }`);
  const pipelines = await load(name);
  await using fleet = await TestScheduler.open(undefined, { pipelines });
  const trigger = { trigger: "date", runDate: "2090-01-01" } as const;
  await fleet.scheduler.addJob("mail", { id: "m", ...trigger, params: { to: "a@example.com" } });
  const run = await fleet.scheduler.runJob("m", { wait: 30 });
  expect(run).toMatchObject({ verdict: "succeeded", result: "sent to a@example.comUTC" });
  const wrong = fleet.scheduler.addJob("mail", { ...trigger, params: { to: "nobody" } });
  await expect(wrong).rejects.toMatchObject({ code: "INVALID_PARAMS", data: { path: "to" } });
});

test("they are pipelines of this program, and not of another copy of the package", async () => {
  const [Hello] = await load(written(HELLO));
  expect(Object.getPrototypeOf(Hello)).toBe(Pipeline);
  const [Typed] = await load(
    written(`import { Pipeline } from "cronduit"; import { z } from "zod";
      export class Typed extends Pipeline.with(z.object({})) { run(): void {} }`),
  );
  expect(Typed?.params).toBeInstanceOf(z.ZodObject);
});

describe("what is refused", () => {
  test.each([
    ["nothing.ts", "The module nothing.ts can't be read: it is not there."],
    [".", "is no module: its name ends with none of .ts, .mts, .cts, .js, .mjs, .cjs."],
    ["cronduit.toml", "cronduit.toml is no module"],
  ])("%s", async (path, message) => {
    expect((await refusal(path)).message).toContain(message);
  });

  test("a folder with the name of a module", async () => {
    mkdirSync(join(cwd, "folder.ts"));
    expect((await refusal("folder.ts")).message).toBe("folder.ts is not a file.");
  });

  const BASE = 'import { Pipeline } from "cronduit";\n';
  test.each([
    ["no exports", "const x = 1;", "FILE exports no pipeline: it has no exports."],
    [
      "exports that are none",
      "export const n = 1; export function f() {} export class Job { run() {} } export default { a: 1 };",
      "FILE exports no pipeline: it has Job (a class that does not extend Pipeline), default (an object), f (a function), n (a number).",
    ],
    [
      "a class that lacks run",
      `${BASE}export class Good extends Pipeline { run() {} }\nexport class Bad extends Pipeline { rum() {} }`,
      "FILE:3: the export Bad is a class that extends Pipeline but has no run method.",
    ],
    [
      "an instance",
      `${BASE}class Made extends Pipeline { run() {} }\n\nexport default new Made();`,
      "FILE:4: the export default is an instance of a pipeline; export its class.",
    ],
    [
      "something in a list",
      `${BASE}class A extends Pipeline { run() {} }\nexport const jobs = [A, undefined];`,
      "FILE:3: jobs[1] is undefined, and the others are pipelines.",
    ],
    [
      "a name that can't be",
      `${BASE}export class A extends Pipeline { static override readonly pipelineName = ""; run() {} }`,
      /^FILE:2: .*name/,
    ],
    [
      "a parameter without a token",
      `${BASE}export class A extends Pipeline { constructor(readonly n: number) { super(); } run() {} }`,
      /^FILE:2: .*takes 1 arguments, but deps lists 0/,
    ],
    ["syntax", "const a = 1;\nexport const b = = 2;", "FILE:2: SyntaxError: Unexpected token."],
    [
      "a module that throws",
      "\nfunction read(): never {\n  throw new TypeError('no DATABASE_URL');\n}\nread();",
      "FILE:3: TypeError: no DATABASE_URL.",
    ],
    ["a module that throws a text", "throw 'no';", "FILE: no."],
    [
      "a module that rejects",
      "await Promise.reject(new RangeError('x'));",
      "FILE:1: RangeError: x.",
    ],
    [
      "a package that is not installed",
      '\nimport { x } from "no-such-package";\nexport const y = x;',
      'FILE:2: there is no module "no-such-package".',
    ],
    [
      "a file that is not there",
      'import { x } from "./no-such-file.ts";\nexport const y = x;',
      'FILE:1: there is no module "./no-such-file.ts".',
    ],
  ])("%s", async (_what, text, expected) => {
    const name = written(text);
    const { message } = await refusal(name);
    const told = message.replaceAll(name, "FILE");
    if (typeof expected === "string") expect(told).toBe(expected);
    else expect(told).toMatch(expected);
  });

  test("something wrong in another file of theirs", async () => {
    written("export const a = 1;\nthrow new Error('broken');", "lib/broken.ts");
    const name = written('import "./lib/broken.ts";');
    expect((await refusal(name)).message).toBe(`${name} can't be loaded. lib/broken.ts:2: broken.`);
    written("export const a = ;", "lib/typo.ts");
    const other = written('import "./lib/typo.ts";');
    expect((await refusal(other)).message).toContain("lib/typo.ts:1: SyntaxError");
    written('\n\nimport "./gone.ts";', "lib/asks.ts");
    expect((await refusal(written('import "./lib/asks.ts";'))).message).toContain(
      'lib/asks.ts:3: there is no module "./gone.ts".',
    );
  });

  test("two of one name, and one of a name that is taken", async () => {
    const one = written(HELLO);
    const two = written(`\n${HELLO}`);
    expect((await refusal(one, two)).message).toBe(
      `Two pipelines have the name "Hello": one of ${one}:2, and one at ${two}:3.`,
    );
    const besides = Object.values(createTasks()) as PipelineClass[];
    const mine = written(
      HELLO.replace("run()", 'static override readonly pipelineName = "http"; run()'),
    );
    await expect(loadPipelines([mine], { cwd, besides })).rejects.toMatchObject({
      code: "PIPELINES_NOT_LOADED",
      message: `Two pipelines have the name "http": one of cronduit itself, and one at ${mine}:2.`,
    });
  });

  test("a module that never ends loading", async () => {
    const name = written(`await new Promise(() => {});\n${HELLO}`);
    await expect(loadPipelines([name], { cwd, limitMs: 50 })).rejects.toMatchObject({
      code: "PIPELINES_NOT_LOADED",
      message: `${name} has not ended loading after 50ms.`,
      hint: expect.stringContaining("top level") as string,
    });
  });
});

test("nothing of a module is kept on the disk", async () => {
  const temporary = mkdtempSync(join(tmpdir(), "cronduit-no-cache-"));
  const { TMPDIR } = process.env;
  process.env["TMPDIR"] = temporary;
  try {
    await load(written(HELLO));
  } finally {
    if (TMPDIR === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = TMPDIR;
  }
  // It can only be removed if it is empty.
  expect(readdirSync(temporary)).toEqual([]);
  rmdirSync(temporary);
});

test("examples/pipelines", async () => {
  const pipelines = await loadPipelines(["examples/pipelines/disk-space.ts"], {
    cwd: join(import.meta.dirname, "../.."),
  });
  await using fleet = await TestScheduler.open(undefined, { pipelines });
  const run = (params: object) =>
    fleet.scheduler
      .addJob("disk-space", { trigger: "interval", hours: 1, params } as never)
      .then(async (job) => fleet.scheduler.runJob(job.id, { wait: 30 }));
  expect(await run({ minFreePercent: 0 })).toMatchObject({ verdict: "succeeded" });
  expect(await run({ path: "/no/such/folder" })).toMatchObject({ verdict: "failed" });
});
