import type { Span } from "./source-text.ts";

/** Where a value of a file stands, and all that is in it. */
export interface PlaceNode {
  /** Its key, with quotes; absent for an entry of a list, and for the whole. */
  key?: Span;
  /** The value, with quotes and brackets; of a table of TOML, its header. */
  value?: Span;
  readonly children: Map<string | number, PlaceNode>;
}

/** A path of keys and places in lists. */
export type Path = readonly (string | number)[];

/** A file's value, and where everything in it stands. */
export interface FileDocument {
  readonly value: unknown;
  readonly places: PlaceNode;
}

/** A node without anything. */
export function emptyNode(): PlaceNode {
  return { children: new Map() };
}

/** The node of a key, made if it isn't there. */
export function childOf(node: PlaceNode, key: string | number): PlaceNode {
  const known = node.children.get(key);
  if (known) return known;
  const made = emptyNode();
  node.children.set(key, made);
  return made;
}

/** The node at a path; if the file has none, the nearest above it that has a place. */
export function nodeAt(root: PlaceNode, path: Path): { node: PlaceNode; isWhole: boolean } {
  let node = root;
  for (const key of path) {
    const next = node.children.get(key);
    if (!next) return { node, isWhole: false };
    node = next;
  }
  return { node, isWhole: true };
}

/** The place of a key; without one, that of the value. */
export function keySpan(root: PlaceNode, path: Path): Span {
  const { node } = nodeAt(root, path);
  return node.key ?? node.value ?? { start: 0, end: 0 };
}

/** The place of a value; of one that isn't there, the key of what lacks it. */
export function valueSpan(root: PlaceNode, path: Path): Span {
  const { node, isWhole } = nodeAt(root, path);
  const span = isWhole ? (node.value ?? node.key) : (node.key ?? node.value);
  return span ?? { start: 0, end: 0 };
}
