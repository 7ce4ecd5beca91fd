// docs/contributing/security.md: its sum is that of its rows, and what they name is there.
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const page = readFileSync("docs/contributing/security.md", "utf8");
const rows = [
  ...page.matchAll(/^\| (\d+\.\d+\.\d+) +\| (\d) +\| (.*?) +\| (met|not met) +\| (.*?) +\|$/gm),
].map(([, no = "", level = "", what = "", state = "", by = ""]) => ({
  no,
  level,
  what,
  state,
  by,
}));

test("its sum is that of its rows, each of which is there once", () => {
  expect(new Set(rows.map(({ no }) => no)).size).toBe(rows.length);
  const counted = rows.filter(({ no }) => !no.startsWith("10."));
  const sum = (level: string) => {
    const all = counted.filter((row) => row.level === level);
    return `level ${level} ${all.filter(({ state }) => state === "met").length} of ${all.length}`;
  };
  expect(page).toContain(`**Met: ${sum("1")}, ${sum("2")}**`);
  // Of version 5.0.0, outside V10 and V17.
  expect([sum("1"), sum("2")].map((text) => text.split(" of ")[1])).toEqual(["65", "152"]);
});

test("every row says by what, and every test that one names is there", () => {
  for (const { no, by } of rows) {
    expect([no, by]).toEqual([no, expect.stringMatching(/\w/)]);
    for (const [, file = ""] of by.matchAll(/`([\w./-]+\.(?:ts|mjs))`/g)) {
      const path = file.includes("/") ? file : `test/api/${file}`;
      expect([no, path, existsSync(path)]).toEqual([no, path, true]);
    }
  }
});
