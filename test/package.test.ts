import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { markdownIn } from "./docs/documents.ts";
import { deadLinks } from "./docs/links.ts";
import {
  type Ended,
  finish,
  lastLine,
  NODE_TYPES,
  type PackedProject,
  packedProject,
  run,
  tool,
} from "./helpers/packed-project.ts";

const node = (cwd: string, ...args: string[]): Promise<string> =>
  run(cwd, [process.execPath, ...args]);

/** The project's programs, under a compiler that reads decorators in one way or the other. */
function prepare({ dir: project }: PackedProject, experimentalDecorators: boolean): string {
  const dir = join(project, experimentalDecorators ? "experimental" : "standard");
  cpSync("test/package/decorators", dir, { recursive: true });
  renameSync(join(dir, "report.check.ts"), join(dir, "report.test.ts"));
  const compilerOptions = {
    module: "nodenext",
    target: "es2022",
    lib: ["es2023", "esnext.disposable"],
    types: ["node"],
    strict: true,
    experimentalDecorators,
    rewriteRelativeImportExtensions: true,
    skipLibCheck: false,
    outDir: "out",
  };
  // vitest would take the configuration of a folder above.
  writeFileSync(join(dir, "vitest.config.js"), "export default {};");
  writeFileSync(
    join(dir, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["main.ts"] }),
  );
  return dir;
}

let project: PackedProject;

beforeAll(async () => {
  project = await packedProject("zod", NODE_TYPES);
}, 300_000);

afterAll(() => project.remove());

describe.each([
  ["experimental", true],
  ["standard", false],
])(
  "in an empty project, with %s decorators",
  (_name, experimentalDecorators) => {
    const told = {
      names: ["NightlyReport", "given"],
      scheduled: {
        retval: { success: true, text: "sent eu 10 3", runs: 1 },
        verdicts: ["succeeded"],
        refusal: "INVALID_PARAMS",
      },
    };
    let dir = "";

    beforeAll(() => {
      dir = prepare(project, experimentalDecorators);
    });

    test("it runs under tsx", async () => {
      const output = await node(dir, "--import", tool("tsx", "dist/loader.mjs"), "main.ts");
      expect(lastLine(output)).toEqual(told);
    });

    test("it compiles with tsc, libraries checked too, and runs under node", async () => {
      await node(dir, tool("typescript", "bin/tsc"), "-p", ".");
      expect(lastLine(await node(dir, "out/main.js"))).toEqual(told);
    });

    test("it runs in vitest", async () => {
      const args = ["run", "--root", dir, "--dir", dir, "--reporter", "default"];
      const output = await node(dir, tool("vitest", "vitest.mjs"), ...args);
      expect(output).toContain(JSON.stringify(told));
    });
  },
  120_000,
);

describe("in vitest on Vite 8, which leaves standard decorators as they are", () => {
  let vitest = "";

  beforeAll(async () => {
    const dir = join(project.dir, "vite8");
    mkdirSync(dir);
    writeFileSync(join(dir, "package.json"), '{ "type": "module" }');
    const versions = ["vitest", "vite8"].map((name) => {
      const path = tool(name, "package.json");
      return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
    });
    const packages = [`vitest@${versions[0]}`, `vite@${versions[1]}`, "--prefer-offline"];
    await run(dir, ["npm", "install", ...packages, "--no-audit", "--no-fund", "--loglevel=error"]);
    vitest = join(dir, "node_modules/vitest/vitest.mjs");
  }, 300_000);

  /** Runs the report as a test in a nested project. */
  async function reported(name: string, experimental: boolean, config: string): Promise<Ended> {
    const dir = join(project.dir, "vite8", name);
    cpSync("test/package/decorators", dir, { recursive: true });
    renameSync(join(dir, "report.check.ts"), join(dir, "report.test.ts"));
    const compilerOptions = { strict: true, experimentalDecorators: experimental };
    writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions }));
    writeFileSync(join(dir, "vitest.config.js"), `export default ${config};`);
    return finish(dir, [process.execPath, vitest, "run", "--root", dir]);
  }

  test("experimentalDecorators in tsconfig.json is enough", async () => {
    const { code, output } = await reported("tsconfig", true, "{}");
    expect([code, output]).toEqual([0, expect.stringContaining('"retval":{"success":true')]);
  });

  test("so is the option oxc in the configuration", async () => {
    const oxc = "{ oxc: { decorator: { legacy: true } } }";
    const { code, output } = await reported("option", false, oxc);
    expect([code, output]).toEqual([0, expect.stringContaining('"retval":{"success":true')]);
  });

  test("without either, Node finds a syntax error", async () => {
    const { code, output } = await reported("bare", false, "{}");
    expect([code, output]).toEqual([1, expect.stringContaining("SyntaxError")]);
  });
});

/** Compiles a folder of test/package in the project, as a project of that kind. */
async function compile(
  folder: string,
  type: "module" | "commonjs",
  options: Readonly<Record<string, unknown>>,
): Promise<string> {
  const dir = join(project.dir, folder);
  cpSync(join("test/package", folder), dir, { recursive: true });
  writeFileSync(join(dir, "package.json"), JSON.stringify({ type }));
  const compilerOptions = {
    target: "es2022",
    lib: ["es2023", "esnext.disposable"],
    types: ["node"],
    strict: true,
    skipLibCheck: false,
    outDir: "out",
    ...options,
  };
  writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  await node(dir, tool("typescript", "bin/tsc"), "-p", ".");
  return dir;
}

describe.each(["node16", "nodenext"])("in a CommonJS project, with module: %s", (module) => {
  test("it compiles, libraries checked too, and runs", async () => {
    const dir = await compile("commonjs", "commonjs", { module });
    expect(lastLine(await node(dir, "out/main.js"))).toEqual({
      retval: { success: true, region: "eu" },
      refused: true,
      same: true,
      wrong: 1,
    });
  }, 120_000);
});

test("a library's own declarations can name the types of what it exports", async () => {
  const dir = await compile("declarations", "module", { module: "nodenext", declaration: true });
  expect(readFileSync(join(dir, "out/library.d.ts"), "utf8")).toContain("function reportFor");
}, 120_000);

test.each([
  ["engine/redis/script-texts.js", "scriptText", "src/engine/redis/scripts", ".lua"],
  ["engine/postgres/sql-texts.js", "sqlText", "src/engine/postgres/sql", ".sql"],
])("the texts in %s are those of the sources", async (module, reads, folder, extension) => {
  const url = pathToFileURL(join(project.dir, "node_modules/cronduit/dist", module)).href;
  const text = ((await import(url)) as Record<string, (name: string) => string>)[reads];
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(extension),
  );
  expect(files.length).toBeGreaterThan(30);
  for (const name of files) {
    const source = readFileSync(join(folder, name), "utf8");
    expect([name, text?.(name.slice(0, -extension.length))]).toEqual([name, source]);
  }
  expect(() => text?.("none")).toThrow(`There is no ${folder.slice("src/".length)}/none`);
});

test("the pages in the package link to what is in the package", () => {
  const root = join(project.dir, "node_modules/cronduit");
  const pages = ["README.md", ...markdownIn("docs", root)];
  expect(pages.length).toBeGreaterThan(10);
  // The contributors' other pages are in the repository only, and this one says so.
  const entry = "docs/contributing/README.md";
  expect(pages.filter((page) => page.startsWith(dirname(entry)))).toEqual([entry]);
  for (const page of pages) {
    const dead = page === entry ? [] : deadLinks(page, root);
    expect([page, dead]).toEqual([page, []]);
  }
});
