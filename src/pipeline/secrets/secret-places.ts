import { z } from "zod";
import type { ParamsSchema } from "../params-schema.ts";
import { defOf, isSchema, type Part, partsOf, type Schema } from "./schema-parts.ts";
import { ANY_DEPTH, KEYS, type SecretPath } from "./secret-paths.ts";

/** Where the secrets of a schema are. */
export interface SecretPlaces {
  /** Paths into params as they are given and stored. */
  readonly input: readonly SecretPath[];
  /** Paths into the schema's output, which is where defaults are. */
  readonly output: readonly SecretPath[];
  /** Paths to what the schema derives from secrets mixed with other values, where the two can't be told apart. */
  readonly derived: readonly SecretPath[];
}

/** Beyond this many paths, everything is secret. */
const MAX_PATHS = 500;
/** Most schemas within one: bounds those that create new ones on each visit. */
const MAX_SCHEMAS = 5_000;
/** Most visits to schemas: bounds those that branch endlessly. */
const MAX_VISITS = 200_000;
/** Maximum nesting depth of params. */
const MAX_DEPTH = 64;

const NOWHERE: SecretPlaces = { input: [], output: [], derived: [] };
const EVERYWHERE: SecretPlaces = { input: [[]], output: [[]], derived: [] };

const known = new WeakMap<object, SecretPlaces>();

/**
 * Where the values are that a schema marks with `.meta({ secret: true })`. A schema that can't be read, such as one
 * that isn't zod's, is secret as a whole.
 */
export function secretPlacesOf(schema: ParamsSchema): SecretPlaces {
  if (schema === undefined) return NOWHERE;
  const found = known.get(schema) ?? find(schema);
  known.set(schema, found);
  return found;
}

/** The union of two lists of paths. */
export function joinPaths(
  a: readonly SecretPath[],
  b: readonly SecretPath[],
): readonly SecretPath[] {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a;
  const seen = new Set(a.map((path) => JSON.stringify(path)));
  return [...a, ...b.filter((path) => !seen.has(JSON.stringify(path)))];
}

function find(schema: z.ZodType): SecretPlaces {
  try {
    const input = new Walk("input").from(schema);
    const output = new Walk("output").from(schema);
    return {
      input: input.paths.map(({ path }) => path),
      output: output.paths.flatMap(({ path, isDerived }) => (isDerived ? [] : [path])),
      derived: output.paths.flatMap(({ path, isDerived }) => (isDerived ? [path] : [])),
    };
  } catch {
    return EVERYWHERE;
  }
}

/** Whether the schema itself is marked. */
function isMarked(schema: Schema): boolean {
  // A schema of another copy of zod keeps its marks there.
  const own: unknown = Reflect.get(schema, "meta");
  const meta =
    z.globalRegistry.get(schema as z.ZodType) ??
    (typeof own === "function"
      ? (Reflect.apply(own, schema, []) as Readonly<Record<string, unknown>>)
      : undefined);
  const mark = meta?.["secret"];
  return mark !== undefined && mark !== null && mark !== false;
}

/** Whether a schema's output values may be in other places than its input values. */
function movesValues(schema: Schema): boolean {
  const { type, transform } = defOf(schema);
  return type === "transform" || type === "success" || (type === "pipe" && transform !== undefined);
}

interface Place {
  readonly path: SecretPath;
  readonly isDerived: boolean;
}

const HERE: Place = { path: [], isDerived: false };

function under(key: string, places: readonly Place[]): Place[] {
  return places.map(({ path, isDerived }) => ({ path: [key, ...path], isDerived }));
}

/** One way through a schema, following either its input or its output. */
class Walk {
  readonly #side: "input" | "output";
  /** Schemas being visited, and whether they were encountered again within themselves. */
  readonly #open = new Map<Schema, { isRecursive: boolean }>();
  #visits = 0;

  constructor(side: "input" | "output") {
    this.#side = side;
  }

  /** @throws if the schema can't be read, or has too many secrets to tell them apart. */
  from(schema: unknown): { paths: Place[] } {
    if (!isSchema(schema)) throw new Error("this is not a zod 4 schema");
    const paths = this.#in(schema);
    if (paths.length > MAX_PATHS) throw new Error("the schema has too many secrets");
    return { paths };
  }

  /** Paths from a schema's value to the secrets in it. */
  #in(schema: Schema): Place[] {
    const again = this.#open.get(schema);
    if (again) {
      again.isRecursive = true;
      return [];
    }
    if (!this.#some(schema, isMarked)) return [];
    if (isMarked(schema)) return [HERE];
    if (this.#open.size >= MAX_DEPTH * 4) throw new Error("the schema is too deep");
    const state = { isRecursive: false };
    this.#open.set(schema, state);
    const found = this.#within(schema);
    this.#open.delete(schema);
    if (found.length > MAX_PATHS) throw new Error("the schema has too many secrets");
    if (!state.isRecursive) return found;
    // The schema recurs at any depth, and its secrets with it.
    return [...found, ...under(ANY_DEPTH, found)];
  }

  #within(schema: Schema): Place[] {
    const def = defOf(schema);
    if (def.type === "template_literal") return [HERE];
    if (def.type === "pipe" && def.in && def.out) {
      const checks = partsOf(schema).slice(0, -2);
      return [...this.#through(def.in, def.out, def.transform !== undefined), ...this.#at(checks)];
    }
    return this.#at(partsOf(schema));
  }

  #at(parts: readonly Part[]): Place[] {
    return parts.flatMap(({ key, schema }) => {
      if (key === KEYS)
        return this.#some(schema, isMarked) ? [HERE, { ...HERE, path: [KEYS] }] : [];
      const found = this.#in(schema);
      if (key === undefined) return found;
      return under(key, found);
    });
  }

  /** For two schemas in sequence, the second reading the first's output: the marks of both, wherever they are. */
  #through(first: Schema, second: Schema, isMoved: boolean): Place[] {
    const [near, far] = this.#side === "input" ? [first, second] : [second, first];
    const found = this.#in(near);
    if (!this.#some(far, isMarked)) return found;
    if (!isMoved && !this.#some(near, movesValues)) return [...found, ...this.#in(far)];
    return [...found, this.#side === "input" ? HERE : { ...HERE, isDerived: true }];
  }

  /** Whether `holds` is true for the schema or any schema within it. */
  #some(schema: Schema, holds: (schema: Schema) => boolean): boolean {
    const seen = new Set<Schema>([schema]);
    for (const each of seen) {
      if ((this.#visits += 1) > MAX_VISITS || seen.size > MAX_SCHEMAS)
        throw new Error("the schema is too large");
      if (holds(each)) return true;
      for (const part of partsOf(each)) seen.add(part.schema);
    }
    return false;
  }
}
