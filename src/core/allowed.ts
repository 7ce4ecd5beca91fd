import { z } from "zod";
import { formatDuration } from "./durations.ts";

/** Most options to list where any object is accepted. */
const MAX_NAMES = 6;

type Bounds = { readonly low?: Bound; readonly high?: Bound };
type Bound = { readonly value: number; readonly isInclusive: boolean };

/** What the schema accepts, phrased to follow "Allowed: "; `undefined` if there is nothing to say. */
export function allowedBy(schema: z.core.$ZodType): string | undefined {
  const forms = unique(formsOf(schema));
  if (forms.length === 0) return undefined;
  const last = forms.at(-1);
  const or = forms.some((form) => form.includes(",")) ? ", or" : " or";
  const list = forms.length === 1 ? last : `${forms.slice(0, -1).join(", ")}${or} ${last}`;
  return isOptional(schema) ? `${list}; or leave it out` : list;
}

/** The schema of the field at a path, if it has one. */
export function schemaAt(
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
): z.core.$ZodType | undefined {
  let at: z.core.$ZodType | undefined = schema;
  for (const key of path) at = at && fieldOf(at, key);
  return at;
}

/** Names of the fields of an object schema, including one nested in a union. */
export function fieldsOf(schema: z.core.$ZodType): string[] {
  const def = defOf(schema);
  if (def.type === "object") return Object.keys(def.shape);
  if (def.type === "union") return def.options.flatMap(fieldsOf);
  const inner = insideOf(schema);
  return inner ? fieldsOf(inner) : [];
}

/**
 * The field of an object schema that an unknown name means: one that says so with `.meta({ alsoCalled: ["url"] })`, or a
 * field of that name one level deeper, as `worker.concurrency`.
 */
export function fieldMeantBy(schema: z.core.$ZodType, name: string): string | undefined {
  const fields = fieldsOf(schema);
  const isCalled = (field: string): boolean => {
    const inner = fieldOf(schema, field);
    const names = inner && metaOf(inner, "alsoCalled");
    return Array.isArray(names) && names.includes(name);
  };
  const called = fields.find(isCalled);
  if (called !== undefined) return called;
  const holder = fields.find((field) => {
    const inner = fieldOf(schema, field);
    return inner !== undefined && fieldsOf(inner).includes(name);
  });
  return holder && `${holder}.${name}`;
}

/** Whether the field, or a schema on the way to it, is marked with `.meta({ secret: true })`. */
export function isSecretAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): boolean {
  const places = [...path.keys(), path.length].map((length) =>
    schemaAt(schema, path.slice(0, length)),
  );
  return places.some((place) => place !== undefined && metaOf(place, "secret") === true);
}

type Def = z.core.$ZodTypes["_zod"]["def"];
type CheckDef = z.core.$ZodChecks["_zod"]["def"];

function defOf(schema: z.core.$ZodType): Def {
  return (schema as z.ZodType).def as Def;
}

function fieldOf(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType | undefined {
  const def = defOf(schema);
  if (def.type === "object")
    return Object.hasOwn(def.shape, key) ? def.shape[String(key)] : def.catchall;
  if (def.type === "array") return def.element;
  if (def.type === "record") return def.valueType;
  if (def.type === "union") {
    const fields = def.options.flatMap((option) => fieldOf(option, key) ?? []);
    return fields.length > 1 ? z.union(fields) : fields[0];
  }
  const inner = insideOf(schema);
  return inner && fieldOf(inner, key);
}

/** The schema that another one wraps. */
function insideOf(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  const def = defOf(schema);
  if ("innerType" in def) return def.innerType;
  if (def.type === "pipe") return defOf(def.in).type === "transform" ? def.out : def.in;
  return def.type === "lazy" ? def.getter() : undefined;
}

function isOptional(schema: z.core.$ZodType): boolean {
  const { type } = defOf(schema);
  if (type === "optional" || type === "default" || type === "prefault") return true;
  const inner = insideOf(schema);
  return inner !== undefined && isOptional(inner);
}

function metaOf(schema: z.core.$ZodType, key: "allowed" | "secret" | "alsoCalled"): unknown {
  const own = z.globalRegistry.get(schema)?.[key];
  if (own !== undefined) return own;
  const inner = insideOf(schema);
  return inner && metaOf(inner, key);
}

function formsOf(schema: z.core.$ZodType): string[] {
  const declared: unknown = z.globalRegistry.get(schema)?.["allowed"];
  if (typeof declared === "string") return [declared];
  const def = defOf(schema);
  if (def.type === "union") return def.options.flatMap(formsOf);
  if (def.type === "nullable") return [...formsOf(def.innerType), "null"];
  if (def.type === "pipe") return pipeForms(def);
  if (def.type === "enum") return Object.values(def.entries).map(literal);
  if (def.type === "literal") return def.values.map(literal);
  if (def.type === "boolean") return ["true", "false"];
  const plain = plainForm(schema, def);
  if (plain !== undefined) return [plain];
  const inner = insideOf(schema);
  return inner ? formsOf(inner) : [];
}

function literal(value: z.core.util.Literal): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function plainForm(schema: z.core.$ZodType, def: Def): string | undefined {
  const bounds = boundsOf(schema);
  if (def.type === "string") return sized("a string", bounds, "character");
  if (def.type === "number")
    return `${isWhole(def) ? "a whole number" : "a number"}${range(bounds, grouped)}`;
  if (def.type === "date") return "a Date";
  if (def.type === "null") return "null";
  if (def.type === "record") return "an object";
  if (def.type === "object") return anObjectWith(Object.keys(def.shape));
  if (def.type !== "array") return undefined;
  return `${sized("a list", bounds, "entry")} (each: ${allowedBy(def.element) ?? "anything"})`;
}

/** The forms of the input with the bounds of the output: those of a duration, which is milliseconds inside. */
function pipeForms(def: z.core.$ZodPipeDef): string[] {
  if (defOf(def.in).type === "transform") return formsOf(def.out);
  const forms = formsOf(def.in);
  const bounds = range(boundsOf(def.out), formatDuration);
  return bounds === "" ? forms : [`${forms.join(" or ")},${bounds}`];
}

function boundsOf(schema: z.core.$ZodType): Bounds {
  const bounds: { low?: Bound; high?: Bound } = {};
  for (const check of defOf(schema).checks ?? []) {
    const { def } = Reflect.get(check, "_zod") as unknown as { readonly def: CheckDef };
    if (def.check === "greater_than")
      bounds.low = { value: Number(def.value), isInclusive: def.inclusive };
    if (def.check === "less_than")
      bounds.high = { value: Number(def.value), isInclusive: def.inclusive };
    if (def.check === "min_length") bounds.low = { value: def.minimum, isInclusive: true };
    if (def.check === "max_length") bounds.high = { value: def.maximum, isInclusive: true };
  }
  return bounds;
}

function isWhole(def: z.core.$ZodNumberDef): boolean {
  const { format } = def as Partial<z.core.$ZodNumberFormatDef>;
  return format === "safeint" || format === "int32" || format === "uint32";
}

function range({ low, high }: Bounds, print: (value: number) => string): string {
  const from = low && `${low.isInclusive ? "from" : "above"} ${print(low.value)}`;
  const to = high && `${high.isInclusive ? (low ? "to" : "up to") : "below"} ${print(high.value)}`;
  return [from, to].flatMap((part) => (part === undefined ? [] : ` ${part}`)).join("");
}

function sized(what: string, { low, high }: Bounds, unit: "character" | "entry"): string {
  const units = unit === "entry" ? "entries" : "characters";
  if (low && high) return `${what} of ${low.value} to ${grouped(high.value)} ${units}`;
  if (low)
    return low.value === 1
      ? `${what} of at least 1 ${unit}`
      : `${what} of at least ${low.value} ${units}`;
  return high ? `${what} of up to ${grouped(high.value)} ${units}` : what;
}

function anObjectWith(names: readonly string[]): string {
  if (names.length === 1) return `an object with the option ${names[0]}`;
  if (names.length <= MAX_NAMES) return `an object with the options ${names.join(", ")}`;
  return `an object with options such as ${names.slice(0, MAX_NAMES).join(", ")}`;
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

function unique(forms: readonly string[]): string[] {
  return [...new Set(forms)];
}
