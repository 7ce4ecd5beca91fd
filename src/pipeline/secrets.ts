import { z } from "zod";
import type { ParamsSchema } from "./schema.ts";

/** Keys from the outside in; `*` stands for every key or index. */
export type SecretPath = readonly string[];

/** What stands in the place of a secret. */
export const MASK = "[secret]";

const MAX_DEPTH = 16;
const MAX_PATHS = 200;

const known = new WeakMap<object, readonly SecretPath[]>();

/**
 * The paths into params that their schema marks by `.meta({ secret: true })`, e.g. `[["password"], ["users", "*", "token"]]`.
 * A schema that has no JSON Schema has none.
 */
export function secretPathsOf(schema: ParamsSchema): readonly SecretPath[] {
  if (schema === undefined) return [];
  const found = known.get(schema) ?? findIn(schema);
  known.set(schema, found);
  return found;
}

interface Node {
  readonly secret?: unknown;
  readonly $ref?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: unknown;
  readonly prefixItems?: readonly Node[];
  readonly additionalProperties?: unknown;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly allOf?: readonly Node[];
  readonly $defs?: Readonly<Record<string, Node>>;
}

function findIn(schema: z.ZodType): SecretPath[] {
  let root: Node;
  try {
    root = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node;
  } catch {
    return [];
  }
  const found: SecretPath[] = [];
  visit({ root, found, depth: 0 }, root, []);
  return found;
}

interface Walk {
  readonly root: Node;
  readonly found: SecretPath[];
  /** Grows with each node, also with alternatives at the same path: a schema may refer to itself. */
  readonly depth: number;
}

function visit({ root, found, depth }: Walk, given: unknown, path: SecretPath): void {
  if (typeof given !== "object" || given === null) return;
  if (depth > MAX_DEPTH || found.length >= MAX_PATHS) return;
  const walk = { root, found, depth: depth + 1 };
  const node = resolved(root, given);
  if (node.secret === true || (given as Node).secret === true) {
    found.push(path);
    return;
  }
  for (const [key, property] of Object.entries(node.properties ?? {})) {
    visit(walk, property, [...path, key]);
  }
  for (const item of [...(node.prefixItems ?? []), node.items, node.additionalProperties]) {
    visit(walk, item, [...path, "*"]);
  }
  for (const way of [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])]) {
    visit(walk, way, path);
  }
}

function resolved(root: Node, node: Node): Node {
  if (typeof node.$ref !== "string") return node;
  if (node.$ref === "#") return root;
  const name = /^#\/\$defs\/(.+)$/.exec(node.$ref)?.[1];
  return (name === undefined ? undefined : root.$defs?.[name]) ?? {};
}

/** A copy of a JSON value with what stands at these paths masked. */
export function mask(value: unknown, paths: readonly SecretPath[]): unknown {
  return paths.reduce(maskOne, value);
}

function maskOne(value: unknown, path: SecretPath): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value === undefined ? value : MASK;
  if (Array.isArray(value)) {
    return key === "*" ? value.map((item: unknown) => maskOne(item, rest)) : value;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) =>
      key === "*" || key === name ? [name, maskOne(item, rest)] : [name, item],
    ),
  );
}
