import { parse, type AnyNode, type ObjectNode } from "@humanwhocodes/momoa";
import { tooDeepAt } from "../../core/json-depth.ts";
import { shownUpTo } from "../../core/shown.ts";
import { MAX_DEPTH } from "../file-limits.ts";
import type { Problems } from "../file-problem.ts";
import { childOf, emptyNode, type FileDocument, type PlaceNode } from "./place-tree.ts";
import type { SourceText, Span } from "./source-text.ts";

/** Reads a text as JSON, as it is told by its standard: without comments, and no key twice. */
export function parseJson(source: SourceText, problems: Problems): FileDocument | undefined {
  const deep = tooDeepAt(source.text, MAX_DEPTH);
  if (deep !== undefined) {
    problems.add(
      { start: deep, end: deep + 1 },
      { code: "TOO_DEEP", message: `This is nested more than ${MAX_DEPTH} deep.` },
    );
    return undefined;
  }
  try {
    const { body } = parse(source.text, { mode: "json", ranges: true });
    const places = emptyNode();
    const value = read(body, places, problems);
    refuseLineBreaks(source, places, problems);
    if (!problems.hasErrors && !isJson(source.text)) refuseAll(problems);
    return { value, places };
  } catch (error) {
    problems.add(...whatIsWrong(error, source));
    return undefined;
  }
}

function whatIsWrong(error: unknown, source: SourceText): Parameters<Problems["add"]> {
  const { line, column } = error as { line?: unknown; column?: unknown };
  // The parser tells a place with each error of its own.
  if (typeof line !== "number" || typeof column !== "number") throw error;
  const isEnd = error instanceof Error && error.message.startsWith("Unexpected end");
  const start = isEnd ? source.text.trimEnd().length : source.indexOf(line, column);
  const found = /^(?:[\w.+-]+|"[^"\n]*"?|\S)/.exec(source.text.slice(start, start + 41))?.[0] ?? "";
  if (found === "")
    return [
      { start, end: start + 1 },
      {
        code: "SYNTAX",
        message: "The JSON ends too early.",
        hint: "Is a bracket, a brace or a quote missing?",
      },
    ];
  // A word or a string may be a secret.
  const isText = /^["\w]/.test(found);
  const what = isText ? (found.startsWith('"') ? "A string" : "This word") : shownUpTo(40, found);
  const message = `${what} can't stand here in JSON.`;
  return [
    { start, end: start + found.length },
    { code: "SYNTAX", message, hint: hintFor(found) },
  ];
}

function hintFor(found: string): string {
  if (found.startsWith("/") || found.startsWith("#")) return "JSON has no comments.";
  if (found.startsWith("'")) return "Strings are written in double quotes.";
  if (/^[}\]]/.test(found)) return "Is a comma before it too many, or a value missing?";
  if (/^[A-Za-z_]/.test(found)) return "Keys and strings are written in double quotes.";
  return "Is a comma or a colon missing before it?";
}

/** The parser accepts characters in strings that JSON doesn't. */
function refuseLineBreaks(source: SourceText, node: PlaceNode, problems: Problems): void {
  for (const span of [node.key, node.value]) {
    if (!span || source.text[span.start] !== '"') continue;
    const at = source.text.slice(span.start, span.end).search(/\p{Cc}/u);
    const isControl = at >= 0 && source.text.charCodeAt(span.start + at) < 0x20;
    if (isControl)
      problems.add(
        { start: span.start + at, end: span.start + at + 1 },
        {
          code: "SYNTAX",
          message: "A string can't have a line break or another control character.",
          hint: "Write a line break as \\n.",
        },
      );
  }
  for (const inner of node.children.values()) refuseLineBreaks(source, inner, problems);
}

/** Whatever else the parser may accept. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function refuseAll(problems: Problems): void {
  problems.add({ start: 0, end: 1 }, { code: "SYNTAX", message: "The file is not JSON." });
}

function spanOf({ range }: AnyNode): Span {
  const [start = 0, end = 0] = range ?? [];
  return { start, end };
}

function read(node: AnyNode, place: PlaceNode, problems: Problems): unknown {
  place.value = spanOf(node);
  if (node.type === "Object") return readObject(node, place, problems);
  if (node.type === "Array")
    return node.elements.map(({ value }, i) => read(value, childOf(place, i), problems));
  const isScalar = node.type === "String" || node.type === "Number" || node.type === "Boolean";
  return isScalar ? node.value : null;
}

/** Without a prototype, so that no key has a meaning of its own. */
function readObject({ members }: ObjectNode, place: PlaceNode, problems: Problems) {
  const made = Object.create(null) as Record<string, unknown>;
  for (const { name, value } of members) {
    const key = name.type === "String" ? name.value : name.name;
    const inner = childOf(place, key);
    if (inner.key)
      problems.add(spanOf(name), {
        code: "DUPLICATE_KEY",
        message: `${shownUpTo(60, key)} is there already.`,
        hint: "Leave one of them out.",
      });
    inner.key = spanOf(name);
    made[key] = read(value, inner, problems);
  }
  return made;
}
