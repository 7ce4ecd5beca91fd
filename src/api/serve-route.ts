import type { z } from "zod";
import { CronduitError } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";
import { parseOptions } from "../jobs/options.ts";
import type { PipelineScheduler } from "../scheduler/pipeline-scheduler.ts";
import type { Quotas } from "./accounts/quotas.ts";
import type { ApiSettings } from "./api-options.ts";
import { type Caller, mayCall } from "./caller.ts";
import type { Route } from "./contract/route.ts";
import type { AnyHandler } from "./handlers/handler.ts";
import { readJson } from "./read-body.ts";

/** What serving a call takes besides the request. */
export interface Serving {
  readonly scheduler: PipelineScheduler;
  readonly settings: ApiSettings;
  readonly logger: Logger;
  readonly quotas: Quotas;
}

/** A request to a route, and who sent it. */
export interface Incoming {
  readonly request: Request;
  readonly path: Readonly<Record<string, string>>;
  readonly caller: Caller | undefined;
  /** Where it came from. */
  readonly address: string;
  /** Looks the caller up again. */
  readonly again: () => Promise<Caller | undefined>;
}

/**
 * Reads what a route takes, lets it act as its caller, and writes what it answers.
 * @throws whatever the route throws, and errors of reading
 */
export async function serveRoute(
  { route, handler }: { readonly route: Route; readonly handler: AnyHandler },
  { request, path, caller, again, address }: Incoming,
  { scheduler, settings, logger, quotas }: Serving,
): Promise<Response> {
  requireAccess(route, caller);
  const where = `${route.method} ${route.path}`;
  const query = readQuery(route, new URL(request.url).searchParams, where);
  const body = await readBody(route, request, { settings, where });
  const headers = new Headers();
  const call = {
    path,
    query,
    body,
    scheduler: caller && scheduler.as(caller.actor),
    caller,
    again,
    request,
    address,
    quotas,
    logger,
    headers,
  };
  // The contract's schemas have made the call what this handler takes.
  const answer = await handler(call as never);
  if (answer instanceof Response) {
    for (const [name, value] of headers) answer.headers.set(name, value);
    return answer;
  }
  if (route.answer === null) return new Response(null, { status: 204, headers });
  headers.set("content-type", "application/json");
  return new Response(JSON.stringify(answer), { status: route.status ?? 200, headers });
}

/** @throws {@link CronduitError} `NOT_AUTHENTICATED`, `NOT_ALLOWED` */
function requireAccess(route: Route, caller: Caller | undefined): void {
  if (route.access === "anyone") return;
  if (!caller) throw new CronduitError("NOT_AUTHENTICATED", "The request has no credential.");
  if (!mayCall(caller, route.access))
    throw new CronduitError(
      "NOT_ALLOWED",
      `${route.method} ${route.path} is for the role ${route.access}.`,
    );
}

function readQuery(
  { query: schema }: Route,
  given: URLSearchParams,
  where: string,
): z.output<z.ZodObject> | undefined {
  const query: Record<string, string | string[]> = Object.create(null) as Record<string, string>;
  for (const name of new Set(given.keys())) {
    const values = given.getAll(name);
    query[name] = values.length > 1 ? values : (values[0] ?? "");
  }
  if (schema) return parseOptions(schema, { ...query }, `${where}, query`);
  const [stray] = Object.keys(query);
  if (stray === undefined) return undefined;
  throw new CronduitError(
    "INVALID_OPTION",
    `${where} takes no query, and has ${JSON.stringify(stray.slice(0, 64))}.`,
    { data: { path: stray.slice(0, 64) } },
  );
}

async function readBody(
  { body: schema }: Route,
  request: Request,
  { settings: { limits }, where }: { readonly settings: ApiSettings; readonly where: string },
): Promise<unknown> {
  if (!schema) return undefined;
  const body = await readJson(request, { maxBytes: limits.bodyBytes, maxDepth: limits.bodyDepth });
  return parseOptions(schema, body, `${where}, body`);
}
