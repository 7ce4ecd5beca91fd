// Every TypeScript block of the documents compiles. The programs in examples/ are run.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DOCUMENTS, ROOT } from "./documents.ts";

interface Block {
  readonly from: string;
  readonly code: string;
}

function blocksOf(document: string): Block[] {
  const text = readFileSync(join(ROOT, document), "utf8");
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""], i) => ({
    from: `${document}, block ${i + 1}`,
    code,
  }));
}

const PATHS = {
  cronduit: [join(ROOT, "src/index.ts")],
  "cronduit/api": [join(ROOT, "src/api.ts")],
  "cronduit/client": [join(ROOT, "src/client.ts")],
  "cronduit/config": [join(ROOT, "src/config.ts")],
  "cronduit/simulate": [join(ROOT, "src/simulate.ts")],
  "cronduit/tasks": [join(ROOT, "src/tasks.ts")],
  "cronduit/triggers": [join(ROOT, "src/triggers.ts")],
  "cronduit/testing": [join(ROOT, "src/testing.ts")],
  "cronduit/testing/*": [join(ROOT, "src/testing/*.ts")],
};

let folder: string;

beforeAll(() => {
  // Inside the repository, so that its packages are found.
  folder = mkdtempSync(join(ROOT, "test/docs/.blocks-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("every TypeScript block compiles", () => {
  const blocks = DOCUMENTS.flatMap(blocksOf);
  expect(blocks.length).toBeGreaterThan(10);
  const names = new Map<string, string>();
  for (const [i, { from, code }] of blocks.entries()) {
    names.set(`block-${i}.ts`, from);
    writeFileSync(join(folder, `block-${i}.ts`), `${code}\nexport {};\n`);
  }
  writeFileSync(
    join(folder, "pipelines.ts"),
    `import { Pipeline } from "cronduit";\nexport class NightlyReport extends Pipeline { run() { return 1; } }\n`,
  );
  writeFileSync(
    join(folder, "scheduler.ts"),
    `import { PipelineScheduler } from "cronduit";\nexport const scheduler = new PipelineScheduler();\n`,
  );
  const options = {
    extends: join(ROOT, "test/tsconfig.json"),
    compilerOptions: { rootDir: ROOT, paths: PATHS },
    files: [...names.keys(), "pipelines.ts", "scheduler.ts"],
    include: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(options));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const { stdout } = spawnSync(process.execPath, [tsc, "--noEmit", "-p", folder], {
    encoding: "utf8",
  });
  const complaints = stdout.replaceAll(
    /\S*?(block-\d+\.ts)/g,
    (_, file: string) => names.get(file) ?? file,
  );
  expect(complaints).toBe("");
}, 120_000);
