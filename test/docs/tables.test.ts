// Tables in the documents agree with the code.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ERROR_CODES } from "../../src/core/errors.ts";
import { EVENT_BITS } from "../../src/jobs/event.ts";
import {
  type OccurrenceState,
  SKIP_REASONS,
  TRANSITIONS,
  VERDICTS,
} from "../../src/jobs/verdict.ts";

function read(file: string): string {
  return readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
}

/** Rows of the tables of a document, cell by cell, without heads. */
function rowsOf(file: string): string[][] {
  return read(file)
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

test("docs/errors.md lists every code with its meaning and remedy", () => {
  const told = rowsOf("docs/errors.md").filter(([code]) => /^`[A-Z_]+`$/.test(code ?? ""));
  const known = Object.entries(ERROR_CODES).map(([code, { meaning, remedy }]) => [
    `\`${code}\``,
    meaning,
    remedy,
  ]);
  expect(told).toEqual(known);
});

test("docs/events.md lists every event with its bit", () => {
  const told = rowsOf("docs/events.md")
    .filter(([name]) => name?.startsWith("`EVENT_"))
    .map(([name, bit]) => [name, Number(bit)]);
  expect(told).toEqual(Object.entries(EVENT_BITS).map(([name, bit]) => [`\`EVENT_${name}\``, bit]));
});

test("docs/semantics.md shows the transitions of the code, and every verdict and reason", () => {
  const text = read("docs/semantics.md");
  const arrows = [...text.matchAll(/^ {4}(\S+) --> (\S+)$/gm)].map(
    ([, from, to]) => `${from} ${to}`,
  );
  const known = (Object.keys(TRANSITIONS) as OccurrenceState[]).flatMap((from) => {
    const next = TRANSITIONS[from].map((to) => `${from} ${to}`);
    return next.length > 0 ? next : [`${from} [*]`];
  });
  expect(arrows.toSorted()).toEqual(["[*] due", ...known].toSorted());
  for (const word of [...VERDICTS, ...SKIP_REASONS]) expect(text).toContain(`\`${word}\``);
});

test("docs/dependencies.md has a sentence for every dependency", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<
    "dependencies" | "devDependencies",
    Record<string, string>
  >;
  const told = rowsOf("docs/dependencies.md").flatMap(([name, why]) =>
    name?.startsWith("`") && why && why.endsWith(".") ? [name.replaceAll("`", "")] : [],
  );
  expect(told.toSorted()).toEqual(
    [...Object.keys(dependencies), ...Object.keys(devDependencies)].toSorted(),
  );
});
