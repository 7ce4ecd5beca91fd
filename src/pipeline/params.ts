import { z } from "zod";
import { CronduitError } from "../core/errors.ts";
import type { PipelineDescriptor } from "./definition.ts";
import { copyJson, formatPath, type JsonValue } from "./json.ts";
import { secretPlacesOf } from "./secret-places.ts";
import { SecretValues } from "./secret-values.ts";

/** How large the params of a job may be, as JSON in UTF-8, unless said otherwise: 256 KiB. */
export const DEFAULT_MAX_PARAMS_BYTES = 256 * 1024;

/** How deep the objects and lists of params may be nested. */
const MAX_DEPTH = 64;

/** More say nothing that the first few don't. */
const MAX_ISSUES = 5;

/** Params that were found to be valid. */
export interface ValidParams {
  /** What was given, as plain JSON: what is stored, and validated again in the worker. */
  readonly input: JsonValue | undefined;
  /** The text of {@link input}. */
  readonly json: string | undefined;
  /** What the schema made of it: what the pipeline gets. A fresh object each time. */
  readonly output: unknown;
}

/** One thing that a schema found wrong. */
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

/** Schemas that can only be parsed asynchronously, found by trying: zod has no question for it. */
const asyncSchemas = new WeakSet<Schema>();

/**
 * Checks that params are plain JSON of bounded size and depth, and that they fit the pipeline's schema.
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
  if (pipeline.params === undefined) return { input, json, output: input };
  // The schema gets a copy of its own, since a transform may change what it is given.
  const copy: unknown = json === undefined ? undefined : JSON.parse(json);
  const parsed = await parse(pipeline.name, pipeline.params, copy);
  if (parsed.success) return { input, json, output: parsed.data };
  for (const none of standInsFor(copy)) {
    const again = await parse(pipeline.name, pipeline.params, none);
    if (again.success) return { input, json, output: again.data };
  }
  if (params === undefined) throw missing(pipeline.name, pipeline.params);
  throw misfit(pipeline.name, parsed.error.issues, copy, secretsOf(pipeline.params, copy));
}

/**
 * Params that were left out are stored as `null`, and may be where the schema takes `undefined`, or an object all of whose
 * fields may be left out; the type of `addJob` says the same.
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
      // Either the schema is asynchronous, or a check of the user's threw: the call below tells.
    }
  }
  try {
    const result = await schema.safeParseAsync(value);
    asyncSchemas.add(schema);
    return result;
  } catch (error) {
    const said = error instanceof Error ? error.message : "no error";
    const shown = secretsOf(schema, value).inText(said);
    throw new CronduitError(
      "INVALID_PARAMS",
      `The params schema of pipeline "${pipelineName}" threw: ${shown}. A check should return false or add an issue.`,
      // Its stack holds the message too.
      { data: { pipelineName, path: "" }, cause: shown === said ? error : undefined },
    );
  }
}

/** What is masked in the words of a schema, which may hold what it was given. */
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
  const needed = schema instanceof z.ZodObject ? neededBy(schema) : [];
  const params = needed.length === 0 ? "params" : `params: { ${needed.join(", ")} }`;
  return new CronduitError(
    "INVALID_PARAMS",
    `The params for pipeline "${pipelineName}" are missing. Give ${params}.`,
    { data: { pipelineName, path: "", issues: [{ path: "", message: "is missing" }] } },
  );
}

function neededBy({ shape }: z.ZodObject): string[] {
  return Object.entries(shape)
    .filter(([, field]) => !mayBeLeftOut(field))
    .map(([name]) => name);
}

function mayBeLeftOut(field: z.core.$ZodType): boolean {
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
    // Of what is not there, what it was taken for says nothing.
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
    `The params for pipeline "${pipelineName}" do not fit its schema: ${text}${more}.`,
    { data: { pipelineName, path: issues[0]?.path ?? "", issues } },
  );
}
