import { z } from "zod";
import { CronduitError } from "../core/errors.ts";
import type { PipelineDescriptor } from "./pipeline-definition.ts";
import { copyJson, formatPath, type JsonValue } from "./json.ts";
import { secretPlacesOf } from "./secrets/secret-places.ts";
import { SecretValues } from "./secrets/secret-values.ts";

/** Default limit on the size of a job's params, as JSON in UTF-8: 256 KiB. */
export const DEFAULT_MAX_PARAMS_BYTES = 256 * 1024;

/** How deep the objects and lists of params may be nested. */
const MAX_DEPTH = 64;

/** More issues would add nothing. */
const MAX_ISSUES = 5;

/** Params that are valid. */
export interface ValidParams {
  /** The given params as plain JSON; stored, and validated again in the worker. */
  readonly input: JsonValue | undefined;
  /** The text of {@link input}. */
  readonly json: string | undefined;
  /** The schema's output, which the pipeline receives. A fresh object each time. */
  readonly output: unknown;
}

/** One issue that a schema found. */
interface Issue {
  readonly path: string;
  readonly message: string;
}

type ParseResult =
  | { readonly success: true; readonly data: unknown }
  | {
      readonly success: false;
      readonly error: {
        readonly issues: readonly {
          readonly path: readonly PropertyKey[];
          readonly message: string;
          readonly code?: string | undefined;
        }[];
      };
    };

type Schema = NonNullable<PipelineDescriptor["params"]>;

/** Schemas that can only be parsed asynchronously, found by trying, since zod can't say. */
const asyncSchemas = new WeakSet<Schema>();

/**
 * Checks that params are plain JSON of bounded size and depth, and that they match the pipeline's schema.
 * @throws {@link CronduitError} `INVALID_PARAMS` with `data.path` and `data.issues`; `PAYLOAD_TOO_LARGE`.
 */
export async function validateParams(
  pipeline: Pick<PipelineDescriptor, "name" | "params">,
  params: unknown,
  options: { readonly maxBytes?: number } = {},
): Promise<ValidParams> {
  const { input, json } = plainJson(
    pipeline.name,
    params,
    options.maxBytes ?? DEFAULT_MAX_PARAMS_BYTES,
  );
  const { name, params: schema } = pipeline;
  if (schema === undefined) return { input, json, output: input };
  const found: ParseResult[] = [];
  for (const value of readingsOf(json)) {
    const parsed = await parse(name, schema, value);
    if (parsed.success) return { input, json, output: parsed.data };
    found.push(parsed);
  }
  throw refused(name, schema, { params, json, found });
}

/**
 * The schema's output, found without waiting.
 * @throws {@link CronduitError} `INVALID_PARAMS`, also for a schema that needs to wait; `PAYLOAD_TOO_LARGE`.
 */
export function validateParamsNow(
  pipeline: Pick<PipelineDescriptor, "name" | "params">,
  params: unknown,
): unknown {
  const { name, params: schema } = pipeline;
  const { input, json } = plainJson(name, params, DEFAULT_MAX_PARAMS_BYTES);
  if (schema === undefined) return input;
  const found: ParseResult[] = [];
  for (const value of readingsOf(json)) {
    const parsed = parseNow(name, schema, value);
    if (parsed.success) return parsed.data;
    found.push(parsed);
  }
  throw refused(name, schema, { params, json, found });
}

/** How given params may be read. The schema gets its own copy each time, since a transform may mutate its input. */
function readingsOf(json: string | undefined): readonly unknown[] {
  const copy: unknown = json === undefined ? undefined : JSON.parse(json);
  return [copy, ...standInsFor(copy)];
}

/** The error for params that the schema refuses: what is wrong with them as they were given. */
function refused(
  pipelineName: string,
  schema: Schema,
  given: {
    readonly params: unknown;
    readonly json: string | undefined;
    readonly found: readonly ParseResult[];
  },
): CronduitError {
  const [first] = given.found;
  if (given.params === undefined || !first || first.success) return missing(pipelineName, schema);
  const copy: unknown = given.json === undefined ? undefined : JSON.parse(given.json);
  return misfit(pipelineName, first.error.issues, copy, secretsOf(schema, copy));
}

function parseNow(pipelineName: string, schema: Schema, value: unknown): ParseResult {
  try {
    return schema.safeParse(value);
  } catch (error) {
    if (!(error instanceof z.core.$ZodAsyncError)) throw threw(pipelineName, schema, value, error);
    throw new CronduitError(
      "INVALID_PARAMS",
      `The params schema of pipeline "${pipelineName}" can't be parsed without waiting.`,
      { data: { pipelineName, path: "" }, cause: error },
    );
  }
}

/**
 * Omitted params are stored as `null`. They are allowed if the schema accepts `undefined`, or an object whose fields
 * are all optional; the type of `addJob` says the same.
 */
function standInsFor(params: unknown): readonly unknown[] {
  return params === undefined || params === null ? [undefined, {}] : [];
}

function plainJson(
  pipelineName: string,
  params: unknown,
  maxBytes: number,
): Pick<ValidParams, "input" | "json"> {
  if (params === undefined) return { input: undefined, json: undefined };
  const copy = copyJson(params, { maxBytes, maxDepth: MAX_DEPTH });
  if (copy.ok) return { input: copy.value, json: copy.json };
  const { kind, path, problem } = copy.problem;
  if (kind === "too-large")
    throw new CronduitError(
      "PAYLOAD_TOO_LARGE",
      `The params for pipeline "${pipelineName}" are too large: their JSON ${problem}. Store the content elsewhere and pass a reference to it.`,
      { data: { pipelineName, maxBytes } },
    );
  throw new CronduitError(
    "INVALID_PARAMS",
    `The params for pipeline "${pipelineName}" are not plain JSON: ${path === "" ? "the value" : path} ${problem}.`,
    { data: { pipelineName, path, issues: [{ path, message: problem }] satisfies Issue[] } },
  );
}

async function parse(pipelineName: string, schema: Schema, value: unknown): Promise<ParseResult> {
  if (!asyncSchemas.has(schema)) {
    try {
      return schema.safeParse(value);
    } catch {
      // Either the schema is asynchronous, or a check of the user's threw; the call below tells which.
    }
  }
  try {
    const result = await schema.safeParseAsync(value);
    asyncSchemas.add(schema);
    return result;
  } catch (error) {
    throw threw(pipelineName, schema, value, error);
  }
}

/** The error for a schema that threw, without secrets. */
function threw(
  pipelineName: string,
  schema: Schema,
  value: unknown,
  error: unknown,
): CronduitError {
  const raw = error instanceof Error ? error.message : "no error";
  const shown = secretsOf(schema, value).inText(raw);
  return new CronduitError(
    "INVALID_PARAMS",
    `The params schema of pipeline "${pipelineName}" threw: ${shown}. A check should return false or add an issue.`,
    // Its stack contains the message too.
    { data: { pipelineName, path: "" }, cause: shown === raw ? error : undefined },
  );
}

/** What to mask in a schema's messages, which may contain its input. */
function secretsOf(schema: Schema, given: unknown): SecretValues {
  return new SecretValues(secretPlacesOf(schema), given);
}

function isMissing(given: unknown, path: readonly PropertyKey[]): boolean {
  const value = path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined),
    given,
  );
  return value === undefined;
}

function missing(pipelineName: string, schema: Schema): CronduitError {
  const needed = schema instanceof z.ZodObject ? requiredBy(schema) : [];
  const params = needed.length === 0 ? "params" : `params: { ${needed.join(", ")} }`;
  return new CronduitError(
    "INVALID_PARAMS",
    `The params for pipeline "${pipelineName}" are missing. Give ${params}.`,
    { data: { pipelineName, path: "", issues: [{ path: "", message: "is missing" }] } },
  );
}

function requiredBy({ shape }: z.ZodObject): string[] {
  return Object.entries(shape)
    .filter(([, field]) => !isOptional(field))
    .map(([name]) => name);
}

function isOptional(field: z.core.$ZodType): boolean {
  try {
    return z.safeParse(field, undefined).success;
  } catch {
    // It is asynchronous, or a check of the user's threw.
    return false;
  }
}

function misfit(
  pipelineName: string,
  found: Extract<ParseResult, { success: false }>["error"]["issues"],
  given: unknown,
  secrets: SecretValues,
): CronduitError {
  const issues: Issue[] = found.slice(0, MAX_ISSUES).map(({ path, message, code }) => ({
    path: formatPath(path.map((key) => (typeof key === "string" ? secrets.inName(key) : key))),
    // If the value is absent, its wrong type is irrelevant.
    message:
      code === "invalid_type" && isMissing(given, path)
        ? "is missing"
        : secrets.inText(message).slice(0, 500),
  }));
  const text = issues
    .map(({ path, message }) =>
      path === "" ? message : `${path}${message === "is missing" ? "" : ":"} ${message}`,
    )
    .join("; ");
  const more = found.length > MAX_ISSUES ? `; and ${found.length - MAX_ISSUES} more` : "";
  return new CronduitError(
    "INVALID_PARAMS",
    `The params for pipeline "${pipelineName}" don't match its schema: ${text}${more}.`,
    { data: { pipelineName, path: issues[0]?.path ?? "", issues } },
  );
}
