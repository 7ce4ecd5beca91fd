import { cpSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build as esbuild } from "esbuild";
import { rolldown } from "rolldown";
import { build as vite7 } from "vite";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { build as vite8 } from "vite8";
import { lastLine, type PackedProject, packedProject, run } from "./helpers/packed-project.ts";

type Format = "esm" | "cjs";

interface Request {
  readonly entry: string;
  readonly out: string;
  readonly format: Format;
}

/** A bundler as its users call it, with everything in one file. */
type Bundler = (request: Request) => Promise<unknown>;

/** The options of Vite's two majors that are the same. */
function viteOptions({ entry, out, format }: Request) {
  return {
    configFile: false,
    logLevel: "error",
    root: join(entry, ".."),
    ssr: { noExternal: true, target: "node" },
    build: {
      ssr: entry,
      emptyOutDir: false,
      outDir: join(out, ".."),
      rollupOptions: {
        output: {
          format,
          entryFileNames: out.slice(out.lastIndexOf("/") + 1),
        },
      },
    },
  } as const;
}

const BUNDLERS: Readonly<Record<string, Bundler>> = {
  esbuild: ({ entry, out, format }) =>
    esbuild({
      entryPoints: [entry],
      outfile: out,
      format,
      bundle: true,
      platform: "node",
      logLevel: "error",
    }),
  "esbuild --minify": ({ entry, out, format }) =>
    esbuild({
      entryPoints: [entry],
      outfile: out,
      format,
      bundle: true,
      minify: true,
      platform: "node",
      logLevel: "error",
    }),
  rolldown: async ({ entry, out, format }) => {
    const bundle = await rolldown({ input: entry, platform: "node", logLevel: "silent" });
    // Into a folder: of a program that only has pipelines, Rolldown 1.3 leaves one part that nothing imports in a file of its own.
    const into = { dir: dirname(out), entryFileNames: basename(out) };
    await bundle.write({ ...into, format, codeSplitting: false });
    await bundle.close();
  },
  "vite 7": (request) => {
    const options = viteOptions(request);
    // An optional part of pg, in whose place Vite 7 puts a module that throws; see docs/bundling.md.
    const commonjsOptions = { ignore: ["pg-native"] };
    return vite7({ ...options, build: { ...options.build, commonjsOptions } });
  },
  "vite 8": (request) => vite8(viteOptions(request)),
};

let project: PackedProject;

beforeAll(async () => {
  project = await packedProject();
  cpSync("test/package/bundles", join(project.dir, "bundles"), { recursive: true });
}, 300_000);

afterAll(() => project.remove());

const SAID = { success: true, said: "hello" };

describe.each(Object.entries(BUNDLERS))("%s", (name, bundle) => {
  describe.each<Format>(["esm", "cjs"])("%s", (format) => {
    const extension = format === "esm" ? "mjs" : "cjs";
    const folder = `${name.replaceAll(/\W+/g, "-")}-${format}`;
    /** Below the project, where the package and its dependencies are installed. */
    const inProject = () => join(project.dir, "out", folder);
    /** Where nothing is installed. */
    const alone = () => join(project.outside, "alone", folder);

    async function bundled(entry: string, out: string): Promise<void> {
      const request = { entry: join(project.dir, "bundles", `${entry}.ts`), format };
      await bundle({ ...request, out: join(out, `${entry}.${extension}`) });
    }

    async function told(where: string, env: Readonly<Record<string, string>>): Promise<unknown> {
      return lastLine(await run(where, [process.execPath, `app.${extension}`], env));
    }

    function isolated(where: string): Promise<unknown> {
      const module = pathToFileURL(join(where, `hello.${extension}`)).href;
      return told(where, { CONNECTION: inject("redisUrl"), ISOLATE: "1", HELLO_MODULE: module });
    }

    beforeAll(async () => {
      await bundled("app", inProject());
      await bundled("hello", inProject());
      cpSync(inProject(), alone(), { recursive: true });
    }, 120_000);

    test("a job on Redis runs, where nothing is installed", async () => {
      expect(await told(alone(), { CONNECTION: inject("redisUrl") })).toEqual(SAID);
    });

    test("a job on PostgreSQL runs, where nothing is installed", async () => {
      expect(await told(alone(), { CONNECTION: inject("postgresUrl") })).toEqual(SAID);
    });

    test("a job in memory runs", async () => {
      expect(await told(inProject(), { CONNECTION: "memory:" })).toEqual(SAID);
    });

    test("the embedded engine says what it needs, where nothing is installed", async () => {
      expect(await told(alone(), { CONNECTION: "embedded://state" })).toEqual({
        name: "CronduitError",
        code: "NOT_IN_BUNDLE",
        message: expect.stringMatching(
          /^The embedded engine needs the package @electric-sql\/pglite, .* Install it where the program runs/,
        ),
      });
    });

    test("an isolated run is one of the installed package", async () => {
      expect(await isolated(inProject())).toEqual(SAID);
    });

    test("an isolated run needs the package or a bundle of its program", async () => {
      expect(await isolated(alone())).toMatchObject({
        name: "CronduitError",
        code: "NOT_IN_BUNDLE",
        message: expect.stringContaining(`child-main.${extension} is there, nor an installed`),
      });
      await bundled("child-main", alone());
      expect(await isolated(alone())).toEqual(SAID);
    }, 120_000);
  });
});
