// Every TypeScript block of the documents compiles, and every link leads somewhere. The programs in examples/ are run.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const documents = ["README.md", ...markdownIn("docs")];

interface Block {
  readonly from: string;
  readonly code: string;
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return path === "docs/api" ? [] : markdownIn(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

function blocksOf(document: string): Block[] {
  const text = readFileSync(join(ROOT, document), "utf8");
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""], i) => ({
    from: `${document}, block ${i + 1}`,
    code,
  }));
}

let folder: string;

beforeAll(() => {
  // Inside the repository, so that its packages are found.
  folder = mkdtempSync(join(ROOT, "test/docs/.blocks-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("every TypeScript block compiles", () => {
  const blocks = documents.flatMap(blocksOf);
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
  const options = {
    extends: join(ROOT, "test/tsconfig.json"),
    compilerOptions: { rootDir: ROOT, paths: { cronduit: [join(ROOT, "src/index.ts")] } },
    files: [...names.keys(), "pipelines.ts"],
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

test.each(documents)("the links of %s lead somewhere", (document) => {
  const text = readFileSync(join(ROOT, document), "utf8").replaceAll(/^```[\s\S]*?^```$/gm, "");
  const broken = [...text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !existsSync(join(ROOT, dirname(document), target)));
  expect(broken).toEqual([]);
});
