import { z } from "zod";
import { ERROR_CODES, type ErrorCode } from "../../core/errors.ts";
import { contract } from "../contract.ts";
import { problemShape } from "../contract/problem-shape.ts";
import { type Group, GROUPS, type Route } from "../contract/route.ts";
import { statusOf } from "../problem.ts";

/** Plain JSON. */
type Json = Readonly<Record<string, unknown>>;

/** Codes that every route may answer. */
const EVERYWHERE = ["INVALID_REQUEST", "INVALID_OPTION", "RATE_LIMITED", "INTERNAL"] as const;
/** Codes of routes that need a credential. */
const WITH_CREDENTIAL = ["NOT_AUTHENTICATED", "NOT_ALLOWED"] as const;

/** The schemas that several routes share, by their names. */
type Components = Record<string, unknown>;

/**
 * The API as an OpenAPI 3.1 document, made of the contract.
 * @param basePath What stands before each path.
 */
export function openApiDocument(basePath: string): Json {
  const components: Components = {};
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, route] of Object.entries(contract) as [string, Route][])
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(name, route, components);
  // Named by the answers of all.
  schemaOf(problemShape, "output", components);
  return {
    openapi: "3.1.1",
    info: {
      title: "cronduit",
      version: "1",
      summary: "Jobs, their schedules, and what became of every time that was due.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: basePath === "" ? "/" : basePath }],
    security: [{ bearer: [] }, { session: [] }],
    tags: (Object.keys(GROUPS) as Group[])
      .filter((name) => Object.values(contract).some(({ group }) => group === name))
      .map((name) => ({ name, description: GROUPS[name] })),
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "An API token (`cdt_…`), or a JWT.",
        },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "__Host-cronduit",
          description: "The cookie that signing in sets, for browsers.",
        },
      },
    },
  };
}

function operationOf(name: string, route: Route, components: Components): Json {
  const { summary, group, access, path, query, body } = route;
  return {
    operationId: name,
    summary,
    tags: [group],
    ...(access === "anyone"
      ? { security: [] }
      : { description: `For the role ${access} and above.` }),
    parameters: [
      ...[...path.matchAll(/\{(\w+)\}/g)].map(([, id]) => ({
        name: id,
        in: "path",
        required: true,
        schema: { type: "string" },
        description: "Percent-encoded.",
      })),
      ...(query ? parametersOf(query, components) : []),
    ],
    ...(body
      ? {
          requestBody: {
            required: !body.safeParse(undefined).success,
            content: jsonOf(schemaOf(body, "input", components)),
          },
        }
      : {}),
    responses: responsesOf(route, components),
  };
}

function parametersOf(query: z.ZodObject, components: Components): Json[] {
  const { properties = {}, required = [] } = schemaOf(query, "input", components) as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => {
    const parameter: Json = { name, in: "query", required: required.includes(name), schema };
    return description === undefined ? parameter : Object.assign(parameter, { description });
  });
}

function responsesOf(route: Route, components: Components): Json {
  const { answer, status, errors, access } = route;
  const codes = new Set<ErrorCode>([
    ...EVERYWHERE,
    ...(access === "anyone" ? [] : WITH_CREDENTIAL),
    ...(errors ?? []),
  ]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes)
    byStatus.set(statusOf(code), [...(byStatus.get(statusOf(code)) ?? []), code]);
  return {
    [answer === null ? "204" : String(status ?? 200)]: goodAnswer(route, components),
    ...Object.fromEntries(
      [...byStatus].map(([of, same]) => [
        String(of),
        {
          description: same.map((code) => `\`${code}\`: ${ERROR_CODES[code].meaning}`).join(" "),
          content: {
            "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
          },
        },
      ]),
    ),
  };
}

function goodAnswer({ answer, follows }: Route, components: Components): Json {
  const events = { "text/event-stream": {} };
  if (answer === null) return { description: "Done; there is no body." };
  if (answer === "text") return { description: "A text.", content: { "text/html": {} } };
  if (answer === "stream") return { description: "Server-sent events.", content: events };
  const json = jsonOf(schemaOf(answer, "output", components));
  return { description: "As asked.", content: follows ? { ...json, ...events } : json };
}

function jsonOf(schema: Json): Json {
  return { "application/json": { schema } };
}

/** A schema as JSON Schema; what has a name of its own moves into the components. */
function schemaOf(schema: z.ZodType, io: "input" | "output", components: Components): Json {
  const made = z.toJSONSchema(schema, { io, unrepresentable: "any", override: hideSecrets });
  const { $schema: _, $defs, ...rest } = rename(made) as Json & { readonly $defs?: Json };
  for (const [name, shared] of Object.entries($defs ?? {})) {
    const { id: __, ...bare } = shared as Json;
    components[name] = bare;
  }
  const { id, ...bare } = rest as Json & { readonly id?: string };
  if (typeof id !== "string") return bare;
  components[id] = bare;
  return { $ref: `#/components/schemas/${id}` };
}

/** What must not be shown is marked in our own way. */
function hideSecrets({ jsonSchema }: { readonly jsonSchema: Record<string, unknown> }): void {
  if (jsonSchema["secret"] !== true) return;
  delete jsonSchema["secret"];
  jsonSchema["format"] = "password";
}

function rename(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(rename);
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === "$ref" && typeof value === "string"
        ? value.replace("#/$defs/", "#/components/schemas/")
        : rename(value),
    ]),
  );
}
