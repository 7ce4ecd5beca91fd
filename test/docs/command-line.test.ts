import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CLI_CODES } from "../../src/cli/cli-error.ts";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { flagOf, SETTINGS } from "../../src/config/settings/setting-infos.ts";

const page = readFileSync("docs/command-line.md", "utf8");

/** The cells of the rows of a table below a heading, from the columns of its first row on. */
function tableUnder(heading: string, first: string): string[][] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const [, table = ""] = section.split(new RegExp(`\\n\\| ${first} .*\\n\\|[- |]+\\n`));
  const [rows = ""] = table.split("\n\n");
  return rows
    .trim()
    .split("\n")
    .map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

test("the table of settings is that of the schema", () => {
  const shown = (value: unknown): string =>
    typeof value === "string" || typeof value === "number" ? `\`${value}\`` : "";
  expect(tableUnder("Settings", "setting")).toEqual(
    SETTINGS.map((info) => [`\`${flagOf(info.name)}\``, info.description, shown(info.default)]),
  );
});

test("the tables of exit codes and of errors are those of the program", () => {
  const codes = tableUnder("Exit codes", "code").map(([code]) => Number(code));
  expect(codes).toEqual(Object.values(EXIT));
  const errors = tableUnder("Exit codes", "code +\\| exit code");
  expect(errors).toEqual(
    Object.entries(CLI_CODES).map(([code, { exit, meaning }]) => [
      `\`${code}\``,
      String(exit),
      meaning,
    ]),
  );
});
