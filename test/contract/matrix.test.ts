import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { TESTED_ENGINES } from "./matrix.ts";

test.each(TESTED_ENGINES)("%s is held to the contract by a file of its own", (name) => {
  const file = new URL(`./${name.replaceAll(" ", "-")}.test.ts`, import.meta.url);
  expect(existsSync(file)).toBe(true);
  expect(readFileSync(file, "utf8")).toMatch(new RegExp(`holdToContract\\(\\{\\s+name: "${name}"`));
});
