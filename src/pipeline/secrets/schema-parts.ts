import { EVERY_KEY, KEYS } from "./secret-paths.ts";

/** zod's definition of a schema; which fields exist depends on `type`. */
export interface Def {
  readonly type: string;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly catchall?: Schema;
  readonly element?: Schema;
  readonly items?: readonly Schema[];
  readonly rest?: Schema | null;
  readonly options?: readonly Schema[];
  readonly left?: Schema;
  readonly right?: Schema;
  readonly keyType?: Schema;
  readonly valueType?: Schema;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly out?: Schema;
  readonly transform?: unknown;
  readonly parts?: readonly unknown[];
  readonly getter?: () => Schema;
  readonly checks?: readonly object[];
  /** The values of an enum, by their names. */
  readonly entries?: Readonly<Record<string, unknown>>;
  /** Those of a literal. */
  readonly values?: readonly unknown[];
}

interface Check {
  readonly check?: string;
  readonly property?: string;
  readonly schema?: Schema;
}

/** A schema of zod 4. */
export type Schema = object;

/** A schema within another; one without a key concerns the same value. */
export interface Part {
  readonly key?: string;
  readonly schema: Schema;
}

const LEAVES: ReadonlySet<string> = new Set(
  `string number int boolean bigint symbol null undefined void never any unknown date enum literal file nan transform custom
  function`.split(/\s+/),
);
const WRAPPERS: ReadonlySet<string> = new Set(
  "optional nullable default prefault nonoptional success catch readonly promise".split(" "),
);

/** zod's definition of a schema, which is public for libraries to read. */
export function defOf(schema: Schema): Def {
  return internals(schema)?.def ?? { type: "(none)" };
}

interface Internals {
  readonly def?: Def;
  readonly innerType?: Schema;
}

function internals(schema: unknown): Internals | undefined {
  return typeof schema === "object" && schema !== null
    ? (Reflect.get(schema, "_zod") as Internals | undefined)
    : undefined;
}

export function isSchema(value: unknown): value is Schema {
  return typeof internals(value)?.def?.type === "string";
}

/** The schemas that a schema consists of. @throws if its kind is unknown, or it can't be read */
export function partsOf(schema: Schema): Part[] {
  const def = defOf(schema);
  const checked = (def.checks ?? []).flatMap((check): Part[] => {
    const { property, schema: inner } = checkOf(check) ?? {};
    return isSchema(inner)
      ? [{ schema: inner, ...(property === undefined ? {} : { key: property }) }]
      : [];
  });
  return [...checked, ...ownParts(schema)].map((part) => {
    if (isSchema(part.schema)) return part;
    throw new Error("a part of the schema is not a schema");
  });
}

function checkOf(check: object): Check | undefined {
  return internals(check)?.def as Check | undefined;
}

function ownParts(schema: Schema): Part[] {
  const { def = defOf(schema), innerType } = internals(schema) ?? {};
  const at = (
    key: string | undefined,
    ...schemas: readonly (Schema | null | undefined)[]
  ): Part[] =>
    schemas.flatMap((inner) =>
      inner ? [{ schema: inner, ...(key === undefined ? {} : { key }) }] : [],
    );
  if (LEAVES.has(def.type)) return [];
  if (WRAPPERS.has(def.type)) return at(undefined, def.innerType);
  switch (def.type) {
    case "object":
      return [
        ...Object.entries(def.shape ?? {}).flatMap(([key, field]) => at(key, field)),
        ...at(EVERY_KEY, def.catchall),
      ];
    case "array":
      return at(EVERY_KEY, def.element);
    case "tuple":
      return [
        ...(def.items ?? []).flatMap((item, i) => at(String(i), item)),
        ...at(EVERY_KEY, def.rest),
      ];
    case "set":
      return at(EVERY_KEY, def.valueType);
    case "record":
    case "map":
      return [...at(KEYS, def.keyType), ...at(EVERY_KEY, def.valueType)];
    case "union":
      return at(undefined, ...(def.options ?? []));
    case "intersection":
      return at(undefined, def.left, def.right);
    case "pipe":
      return at(undefined, def.in, def.out);
    case "lazy":
      return at(undefined, innerType ?? def.getter?.());
    case "template_literal":
      return at(undefined, ...(def.parts ?? []).filter(isSchema));
    default:
      throw new Error(`the schema kind "${def.type}" is unknown`);
  }
}
