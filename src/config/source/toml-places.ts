import { MAX_DEPTH } from "../file-limits.ts";
import { childOf, emptyNode, type PlaceNode } from "./place-tree.ts";
import type { Span } from "./source-text.ts";

/** Thrown by {@link tomlPlaces} where the nesting is too deep. */
export class TooDeep extends Error {
  readonly span: Span;
  constructor(span: Span) {
    super("too deep");
    this.span = span;
  }
}

/**
 * Where each key and value of a TOML text stands, which its parser does not tell. It relies on the parser having accepted the
 * text, and checks nothing but the depth.
 * @throws {@link TooDeep}
 */
export function tomlPlaces(text: string): PlaceNode {
  return new Scanner(text).scan();
}

interface Key {
  readonly name: string;
  readonly span: Span;
}

/** What ends a value without quotes. */
const BARE_END = /[,\]}#\r\n]/g;
const BLANKS = /[ \t]*/y;
const BLANKS_AND_LINES = /(?:[ \t\r\n]+|#[^\n]*)*/y;
const BARE_KEY = /[^\s.=\]"'#]+/y;

class Scanner {
  readonly #text: string;
  readonly #root = emptyNode();
  /** Tables that are entries of a list: `[[steps]]`. */
  readonly #lists = new Set<PlaceNode>();
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): PlaceNode {
    let table = { node: this.#root, depth: 0 };
    for (;;) {
      const before = this.#at;
      this.#skip(BLANKS_AND_LINES);
      if (this.#at >= this.#text.length) return this.#root;
      if (this.#text[this.#at] === "[") table = this.#header();
      else this.#pair(table.node, table.depth);
      if (this.#at === before) return this.#root;
    }
  }

  /** `[a.b]` or `[[a.b]]`. */
  #header(): { node: PlaceNode; depth: number } {
    const start = this.#at;
    const isList = this.#text.startsWith("[[", start);
    this.#at += isList ? 2 : 1;
    const keys = this.#keys();
    this.#at += isList ? 2 : 1;
    const span = { start, end: this.#at };
    let node = this.#root;
    let depth = 0;
    for (const [i, key] of keys.entries()) {
      const isLast = i === keys.length - 1;
      node = this.#step(node, key);
      depth += 1;
      if (isLast && isList) this.#lists.add(node);
      if (!this.#lists.has(node)) continue;
      const { size } = node.children;
      node.value ??= span;
      node = childOf(node, isLast && isList ? size : size - 1);
      node.key ??= key.span;
      depth += 1;
    }
    const last = keys.at(-1);
    if (last) [node.key, node.value] = [last.span, span];
    this.#checkDepth(depth, span);
    return { node, depth };
  }

  #step(node: PlaceNode, { name, span }: Key): PlaceNode {
    const next = childOf(node, name);
    next.key ??= span;
    return next;
  }

  /** `a.b = value`. */
  #pair(table: PlaceNode, depth: number): void {
    const keys = this.#keys();
    const first = keys[0]?.span ?? { start: this.#at, end: this.#at };
    this.#checkDepth(depth + keys.length, first);
    this.#at += 1; // =
    this.#skip(BLANKS);
    const node = keys.reduce((at, key) => this.#step(at, key), table);
    const last = keys.at(-1);
    if (last) node.key = last.span;
    this.#value(node, depth + keys.length);
    // Tables that dots make have no text of their own.
    let above = table;
    for (const { name } of keys.slice(0, -1)) {
      above = childOf(above, name);
      above.value ??= { start: first.start, end: node.value?.end ?? this.#at };
    }
  }

  #keys(): Key[] {
    const keys: Key[] = [];
    for (;;) {
      this.#skip(BLANKS);
      const start = this.#at;
      const name = this.#key();
      keys.push({ name, span: { start, end: this.#at } });
      this.#skip(BLANKS);
      if (this.#text[this.#at] !== ".") return keys;
      this.#at += 1;
    }
  }

  #key(): string {
    const quote = this.#text[this.#at];
    const start = this.#at;
    if (quote !== '"' && quote !== "'") {
      this.#skip(BARE_KEY);
      return this.#text.slice(start, this.#at);
    }
    this.#string();
    const inside = this.#text.slice(start + 1, this.#at - 1);
    return quote === "'" ? inside : unescaped(inside);
  }

  #value(node: PlaceNode, depth: number): void {
    const start = this.#at;
    this.#checkDepth(depth, { start, end: start + 1 });
    const first = this.#text[start];
    if (first === '"' || first === "'") this.#string();
    else if (first === "[") this.#list(node, depth);
    else if (first === "{") this.#inlineTable(node, depth);
    else this.#bare();
    node.value = { start, end: this.#at };
  }

  #list(node: PlaceNode, depth: number): void {
    this.#at += 1;
    for (let i = 0; this.#goesOn("]"); i++) {
      this.#value(childOf(node, i), depth + 1);
      this.#comma();
    }
  }

  #inlineTable(node: PlaceNode, depth: number): void {
    this.#at += 1;
    while (this.#goesOn("}")) {
      this.#pair(node, depth);
      this.#comma();
    }
  }

  /** Whether another member follows; if not, the bracket has been read. */
  #goesOn(bracket: "]" | "}"): boolean {
    this.#skip(BLANKS_AND_LINES);
    if (this.#at >= this.#text.length) return false;
    if (this.#text[this.#at] !== bracket) return true;
    this.#at += 1;
    return false;
  }

  #comma(): void {
    this.#skip(BLANKS_AND_LINES);
    if (this.#text[this.#at] === ",") this.#at += 1;
  }

  #bare(): void {
    BARE_END.lastIndex = this.#at;
    const end = BARE_END.exec(this.#text)?.index ?? this.#text.length;
    this.#at += this.#text.slice(this.#at, end).trimEnd().length;
  }

  #string(): void {
    const quote = this.#text[this.#at] ?? "";
    const fence = quote.repeat(3);
    const isLong = this.#text.startsWith(fence, this.#at);
    const close = isLong ? fence : quote;
    let at = this.#at + close.length;
    while (at < this.#text.length && !this.#text.startsWith(close, at))
      at += quote === '"' && this.#text[at] === "\\" ? 2 : 1;
    at += close.length;
    // Up to two quotes may stand before those that close.
    const most = isLong ? 2 : 0;
    for (let i = 0; i < most && this.#text[at] === quote; i++) at += 1;
    this.#at = Math.min(at, this.#text.length);
  }

  #skip(pattern: RegExp): void {
    pattern.lastIndex = this.#at;
    this.#at += pattern.exec(this.#text)?.[0].length ?? 0;
  }

  #checkDepth(depth: number, span: Span): void {
    if (depth > MAX_DEPTH) throw new TooDeep(span);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
  e: "\u001B",
};

function unescaped(text: string): string {
  return text.replaceAll(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))/g,
    (_, x?: string, u?: string, long?: string, plain = "") => {
      const hex = x ?? u ?? long;
      return hex === undefined
        ? (ESCAPES[plain] ?? plain)
        : String.fromCodePoint(Number.parseInt(hex, 16));
    },
  );
}
