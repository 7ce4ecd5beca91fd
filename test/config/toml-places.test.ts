// Where keys and values of TOML stand: found by a scanner of ours, so held to random documents.
import fc from "fast-check";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { nodeAt, type Path } from "../../src/config/source/place-tree.ts";
import { tomlPlaces } from "../../src/config/source/toml-places.ts";

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

const key = fc.oneof(
  fc.constantFrom("a", "b-1", "_x", "9"),
  fc.string({ unit: "grapheme", maxLength: 6 }),
);
const anyText = fc.string({
  unit: fc.constantFrom('"', "'", "\\", "\n", "#", "]", "=", "a", "ä", "😀"),
  maxLength: 12,
});
const scalar = fc.oneof(
  anyText,
  fc.integer(),
  fc.boolean(),
  fc.double({ noNaN: true, min: -9, max: 9 }),
);
const { value: anyValue } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(key, tie("value"), { maxKeys: 3 }),
  ),
}));

/** How things are written; each number is a choice. */
type Choose = (most: number) => number;

function quoted(value: string, choose: Choose): string {
  const hasControls = /\p{Cc}/u.test(value.replaceAll("\n", ""));
  const isPlain = !hasControls && !value.includes("\n");
  const way = choose(4);
  if (way === 0 && isPlain && !value.includes("'")) return `'${value}'`;
  if (way === 1 && !hasControls && !value.includes("'''") && !value.endsWith("'"))
    return `'''\n${value}'''`;
  if (way === 2 && !hasControls)
    return `"""${value.replaceAll("\\", "\\\\").replaceAll('"""', '""\\"').replace(/^\n/, "\\n").replace(/"$/, '\\"')}"""`;
  return JSON.stringify(value).replaceAll("\u007F", "\\u007F");
}

function writtenKey(name: string, choose: Choose): string {
  if (/^[A-Za-z0-9_-]+$/.test(name) && choose(2) === 0) return name;
  const isLiteral = choose(2) === 0 && !/['\p{Cc}]/u.test(name);
  return isLiteral ? `'${name}'` : JSON.stringify(name).replaceAll("\u007F", "\\u007F");
}

function inline(value: Json, choose: Choose): string {
  const gap = () => ["", " ", "\t"][choose(3)] ?? "";
  if (typeof value === "string") return quoted(value, choose);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map(
      (item) => `${gap()}${inline(item, choose)}${gap()}`,
    );
    const line = choose(3) === 0 ? "\n  # ],}\n" : "";
    return `[${line}${items.join(`,${line}`)}${line}]`;
  }
  const pairs = Object.entries(value).map(
    ([name, inner]) => `${gap()}${writtenKey(name, choose)} = ${inline(inner, choose)}`,
  );
  return `{${pairs.join(",")}${gap()}}`;
}

function document(root: Readonly<Record<string, Json>>, choose: Choose): string {
  const lines: string[] = [];
  const tables: string[] = [];
  for (const [name, value] of Object.entries(root)) {
    const isTable = typeof value === "object" && !Array.isArray(value) && choose(2) === 0;
    const isList =
      Array.isArray(value) &&
      value.length > 0 &&
      value.every((one: Json) => typeof one === "object" && !Array.isArray(one));
    const k = writtenKey(name, choose);
    const bodyOf = (table: Json) =>
      Object.entries(table).map(
        ([inner, one]) => `${writtenKey(inner, choose)} = ${inline(one as Json, choose)} # = "x`,
      );
    if (isTable) tables.push([`[ ${k} ] # [a]`, ...bodyOf(value)].join("\n"));
    else if (isList)
      for (const one of value as Json[]) tables.push([`[[${k}]]`, ...bodyOf(one)].join("\n"));
    else lines.push(`  ${k}\t= ${inline(value, choose)}`);
  }
  return [...lines, ...tables].join(choose(2) === 0 ? "\n" : "\r\n\n") + "\n";
}

const documents = fc
  .tuple(fc.dictionary(key, anyValue, { maxKeys: 5 }), fc.infiniteStream(fc.nat(11)))
  .map(([root, stream]) => document(root, (most) => Number(stream.next().value) % most));

function eachPath(value: unknown, path: Path, visit: (path: Path, value: unknown) => void): void {
  if (path.length > 0) visit(path, value);
  if (Array.isArray(value)) value.forEach((inner, i) => eachPath(inner, [...path, i], visit));
  else if (typeof value === "object" && value !== null)
    for (const [name, inner] of Object.entries(value)) eachPath(inner, [...path, name], visit);
}

test("each key and each value of a random document is found where it stands", () => {
  let seen = 0;
  fc.assert(
    fc.property(documents, (toml) => {
      const places = tomlPlaces(toml);
      eachPath(parse(toml), [], (path, value) => {
        const { node, isWhole } = nodeAt(places, path);
        expect(isWhole).toBe(true);
        const last = path.at(-1);
        const header =
          path[0] !== undefined && new RegExp(`^\\[`).test(toml.slice(node.value?.start));
        if (typeof last === "string" && node.key) {
          const written = toml.slice(node.key.start, node.key.end);
          expect(Object.keys(parse(`${written} = 1`))).toEqual([last]);
          seen += 1;
        } else if (typeof last === "string") expect(node.key).toBeDefined();
        if (typeof value === "object" && header) return;
        const text = toml.slice(node.value?.start, node.value?.end);
        expect(parse(`x = ${text}`)["x"]).toEqual(value);
        seen += 1;
      });
    }),
    { numRuns: 300 },
  );
  expect(seen).toBeGreaterThan(1_000);
});

test.each([
  ["dotted keys", "a.b.'c d' = 1", ["a", "b", "c d"], "'c d'", "1"],
  [
    "tables in entries of lists",
    "[[s]]\nx=1\n[[s]]\n[s.t]\ny = 'z'",
    ["s", 1, "t", "y"],
    "y",
    "'z'",
  ],
  ["quotes before those that close", 'a = """x"""""\nb = 2', ["b"], "b", "2"],
  ["dates", "a = 2024-12-25 12:00:00 # noon", ["a"], "a", "2024-12-25 12:00:00"],
  ["escapes in keys", '"\\u0061\\"" = true', ['a"'], '"\\u0061\\""', "true"],
] as const)("%s", (_, toml, path, keyText, valueText) => {
  const { node } = nodeAt(tomlPlaces(toml), path);
  expect(toml.slice(node.key?.start, node.key?.end)).toBe(keyText);
  expect(toml.slice(node.value?.start, node.value?.end)).toBe(valueText);
});
