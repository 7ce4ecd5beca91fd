// The pages for contributors name files, functions, keys and tables of the sources. What they name must be there, and what is
// stored must be named.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { markdownIn, proseOf, ROOT } from "./documents.ts";

const PAGES = markdownIn("docs/contributing");
/** Where people look things up; decisions tell what was so when they were made. */
const GUIDES = PAGES.filter((page) => !page.includes("/decisions/"));
const KEYS_PAGE = "docs/contributing/keys-and-tables.md";

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name));
}

const files = ["src", "test", "docs", "examples", "scripts"].flatMap(filesIn);
const names = new Set(files.map((path) => basename(path)));
const sources = files
  .filter((path) => /\.(?:ts|mjs|lua|sql)$/.test(path))
  .filter((path) => !relative(ROOT, path).split("/").includes("docs"))
  .map((path) => readFileSync(path, "utf8"))
  .join("\n");
const words = new Set(sources.match(/[\w$]+/g));

/** What stands between single backticks. */
function codeIn(page: string): string[] {
  return [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
}

const isPath = (code: string): boolean =>
  // Made by `npm run docs`.
  code !== "docs/api" && /^(?:src|test|docs|examples|scripts|\.ci)\/[\w./-]+$/.test(code);
const isFile = (code: string): boolean => /^\w[\w-]*(?:\.[\w-]+)*\.(?:ts|mjs|lua|sql)$/.test(code);
/** `camelCase`, `snake_case`, `PascalCase` and `UPPER_CASE` names. */
const isName = (code: string): boolean =>
  /^[a-z]+(?:[A-Z]\w*|(?:_[a-z]+)+)$|^(?:[A-Z][a-z]+){2,}$|^[A-Z]+(?:_[A-Z]+)+$/.test(code);

test.each(PAGES)("the paths in %s exist", (page) => {
  const missing = codeIn(page).filter((code) => isPath(code) && !existsSync(join(ROOT, code)));
  expect(missing).toEqual([]);
});

test.each(GUIDES)("the files and names in %s are in the sources", (page) => {
  const missing = codeIn(page).filter(
    (code) => (isFile(code) && !names.has(code)) || (isName(code) && !words.has(code)),
  );
  expect(missing).toEqual([]);
});

test("each decision is in the index, by its number", () => {
  const told = [
    ...readFileSync(join(ROOT, "docs/contributing/README.md"), "utf8").matchAll(
      /^\| +(\d+) \| \[(.+)\]\((\S+)\)/gm,
    ),
  ].map(([, number, title, file]) => [file, `# ${number}. ${title}`]);
  const pages = PAGES.filter((page) => page.includes("/decisions/")).toSorted();
  const known = pages.map((page) => [
    page.slice("docs/contributing/".length),
    readFileSync(join(ROOT, page), "utf8").split("\n")[0],
  ]);
  expect(told).toEqual(known);
  expect(pages.map((page) => Number(basename(page).slice(0, 4)))).toEqual(
    pages.map((_, i) => i + 1),
  );
});

describe("what is stored", () => {
  /** The first cells of the rows below a heading. */
  function told(heading: string): string[] {
    const [, section = ""] = proseOf(KEYS_PAGE).split(`\n## ${heading}\n`);
    const rows = section.split("\n## ")[0]?.matchAll(/^\| `([^`]+)`/gm) ?? [];
    return [...rows].map(([, name = ""]) => name);
  }

  test("every key on Redis has a row", () => {
    const text = filesIn("src/engine/redis")
      .map((path) => readFileSync(path, "utf8"))
      .join("\n");
    const used = text.matchAll(/(?:PREFIX \.\. "|\bkey\(["`]|\$\{this\.#prefix\})([a-z-]+)/g);
    const keys = new Set([...used].map(([, name = ""]) => name));
    expect(keys.size).toBeGreaterThan(25);
    expect(
      told("Redis")
        .map((name) => name.split(":")[0] ?? "")
        .toSorted(),
    ).toEqual([...keys].toSorted());
  });

  test("every table on PostgreSQL has a row", () => {
    const sql = filesIn("src/engine/postgres").map((path) => readFileSync(path, "utf8"));
    const tables = sql.flatMap((text) =>
      [...text.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(\w+) \(/g)].map(([, name = ""]) => name),
    );
    expect(tables.length).toBeGreaterThan(20);
    expect(told("PostgreSQL").toSorted()).toEqual([...new Set(tables)].toSorted());
  });
});

describe("diagrams", () => {
  const diagrams = PAGES.flatMap((page) =>
    [...readFileSync(join(ROOT, page), "utf8").matchAll(/^```mermaid\n([\s\S]*?)^```$/gm)].map(
      ([, text = ""]) => ({ page, lines: text.trimEnd().split("\n") }),
    ),
  );

  test("are of the kinds that are checked here", () => {
    expect(diagrams.length).toBeGreaterThan(5);
    const kinds = new Set(diagrams.map(({ lines }) => lines[0] ?? ""));
    expect([...kinds].toSorted()).toEqual(["flowchart LR", "flowchart TD", "sequenceDiagram"]);
  });

  // Mermaid itself needs a browser's document and 180 MB; this is the part of its grammar that the pages use.
  test.each(diagrams)("in $page is what Mermaid reads", ({ lines: [kind, ...lines] }) => {
    const isLine =
      kind === "sequenceDiagram"
        ? /^ {2}(?:participant \w+ as [\w ]+|(?:\w+-?->>\w+|Note over \w+): [^;#]+)$/
        : /^ {2}\w+(?:\["[^"]+"\]|\{"[^"]+"\})?(?: -->(?:\|"[^"]+"\|)? \w+(?:\["[^"]+"\]|\{"[^"]+"\})?)*$/;
    expect(lines.filter((line) => !isLine.test(line))).toEqual([]);
    const declared = new Set(
      lines.flatMap((line) => /^ {2}participant (\w+)/.exec(line)?.[1] ?? []),
    );
    const used = lines.flatMap((line) => {
      const [, from, to] = /^ {2}(\w+)-?->>(\w+):/.exec(line) ?? [];
      return from !== undefined && to !== undefined ? [from, to] : [];
    });
    expect(used.filter((name) => !declared.has(name))).toEqual([]);
  });
});
