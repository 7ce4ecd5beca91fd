// Whatever a file holds, something is told and nothing is thrown.
import fc from "fast-check";
import { expect, test } from "vitest";
import { readCrontab } from "../../src/config/crontab/read-crontab.ts";
import { MAX_FILE_BYTES, MAX_PROBLEMS } from "../../src/config/file-limits.ts";
import { readJobFile } from "../../src/config/read-job-file.ts";
import { readToml } from "../../src/config/read-toml.ts";
import type { FileContent } from "../../src/config/source/read-source.ts";

const readAll = async (content: FileContent) => [
  readToml(content, "a.toml"),
  readJobFile(content, "a.json"),
  await readCrontab(content, "crontab", { system: false }),
  await readCrontab(content, "crontab", { system: true }),
];

/** Pieces of which real files consist, in any order. */
const pieces = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "[jobs.a]",
        "[[",
        "]",
        "{",
        "}",
        '"',
        "'''",
        '"""',
        "=",
        ".",
        ",",
        "\\",
        "%",
        "\n",
        "\r\n",
      ),
      fc.constantFrom(
        "type",
        '"BASH"',
        "schedule",
        '"@daily"',
        "* * * * *",
        "@reboot",
        "CRON_TZ=",
        "[interpreters]",
      ),
      fc.constantFrom(
        '"job_id":',
        '"task":',
        "__proto__",
        "constructor",
        "retry",
        "params",
        "1e999",
        "null",
        "inf",
      ),
      fc.string({ unit: "binary", maxLength: 4 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));

test("random bytes and random pieces throw nothing", async () => {
  const contents = fc.oneof(fc.uint8Array({ maxLength: 200 }), pieces);
  await fc.assert(
    fc.asyncProperty(contents, async (content) => {
      for (const { problems } of await readAll(content))
        for (const problem of problems) {
          expect(problem.line).toBeGreaterThanOrEqual(1);
          expect(problem.endColumn).toBeGreaterThan(problem.column);
          expect(problem.message).not.toMatch(/\n|Invalid TOML|Unexpected token/);
        }
    }),
    { numRuns: 500 },
  );
});

function isJson(text: string): boolean {
  try {
    return JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

test("JSON is what JSON.parse says it is", () => {
  const tokens = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"a"',
    '"\\u00e9"',
    "1",
    "-0.5e3",
    "01",
    ".5",
    "NaN",
    "true",
    "null",
    "\t",
    "\u00a0",
    "'a'",
    '"\n"',
    "1.",
    "+1",
  );
  const texts = fc.oneof(
    fc.array(tokens, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("")),
    fc.json({ maxDepth: 3 }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const { problems } = readJobFile(text, "a.json");
      const isRefused = problems.some(({ code }) => code === "SYNTAX");
      expect(isRefused).toBe(text.trim() !== "" && !isJson(text));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["brackets", "[".repeat(500_000)],
  ["tables in tables", `a = ${"{a=".repeat(200_000)}`],
  ["objects in objects", '{"a":'.repeat(200_000)],
  ["a deep header", `[${"a.".repeat(300_000)}a]`],
  ["dots in a key", `${"a.".repeat(300_000)}a = 1`],
  [
    "a long key above many",
    `["${"k".repeat(300_000)}"]\n${Array.from({ length: 60_000 }, (_, i) => `a${i}=1`).join("\n")}`,
  ],
  ["comments", "#\n".repeat(400_000)],
  ["blanks", " ".repeat(900_000)],
  ["a long line", `* * * * * ${"\\%".repeat(300_000)}`],
  ["quotes", '"'.repeat(900_000)],
  ["backslashes", `"${"\\".repeat(900_000)}`],
  ["variables", `A ${" ".repeat(900_000)}= "`],
])("a megabyte of %s is read in bounded time", async (_, text) => {
  const read = await readAll(text);
  for (const { problems } of read) expect(problems.length).toBeLessThanOrEqual(MAX_PROBLEMS + 1);
});

test("nesting is bounded at its place", () => {
  const deep = `[jobs.a]\nparams = ${"[".repeat(33)}${"]".repeat(33)}`;
  expect(readToml(deep, "a.toml").problems).toMatchObject([{ code: "TOO_DEEP", line: 2 }]);
  const json = `{"job_id": "a",\n"params": ${"[".repeat(33)}${"]".repeat(33)}}`;
  expect(readJobFile(json, "a.json").problems).toMatchObject([
    { code: "TOO_DEEP", line: 2, column: 42 },
  ]);
});

test("what is no text is refused at its place", async () => {
  const bytes = Buffer.from("# grün\nx = \u{1F600}", "utf8");
  for (const { problems } of await readAll(Buffer.concat([bytes, Buffer.from([0xff, 0x41])])))
    expect(problems).toMatchObject([{ code: "NOT_TEXT", line: 2, column: 7 }]);
  for (const { problems } of await readAll("# a\nb\0"))
    expect(problems).toMatchObject([{ code: "NOT_TEXT", line: 2, column: 2 }]);
  for (const { problems } of await readAll("a\ud800"))
    expect(problems).toMatchObject([{ code: "NOT_TEXT", column: 2 }]);
  for (const { problems } of await readAll("#".repeat(MAX_FILE_BYTES + 1)))
    expect(problems).toMatchObject([{ code: "FILE_TOO_LARGE" }]);
});

test("a byte order mark is no part of the text", async () => {
  for (const mark of ["\uFEFF", Buffer.from([0xef, 0xbb, 0xbf])]) {
    const withMark = (text: string) =>
      Buffer.concat([Buffer.from(mark as string), Buffer.from(text)]);
    expect(readToml(withMark("x = 1"), "a.toml").problems).toMatchObject([
      { code: "UNKNOWN_KEY", column: 1 },
    ]);
    expect((await readCrontab(withMark("@daily x"), "c", { system: false })).jobs).toHaveLength(1);
  }
});

test("nor is it one of a text", async () => {
  const crontab = await readCrontab("\uFEFF61 * * * * x", "c", { system: false });
  expect(crontab.problems).toMatchObject([{ code: "INVALID_TRIGGER", column: 1, endColumn: 3 }]);
});

test("an empty file has no jobs, and is right", async () => {
  for (const text of ["", "\n  \n", "\uFEFF"])
    for (const read of await readAll(text)) expect(read).toEqual({ jobs: [], problems: [] });
});

test("of many problems, some are told, and how many more there are", () => {
  const text = Array.from({ length: 150 }, (_, i) => `key_${i} = 1`).join("\n");
  const { problems } = readToml(text, "a.toml");
  expect(problems).toHaveLength(MAX_PROBLEMS + 1);
  expect(problems.at(-1)).toMatchObject({
    code: "TOO_MANY_PROBLEMS",
    severity: "error",
    message: "There are 50 more problems in this file.",
  });
});
