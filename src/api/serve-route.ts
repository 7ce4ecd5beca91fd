import type { z } from "zod";
import { CronduitError } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";
import { parseOptions } from "../jobs/options.ts";
import { secretPlacesOf } from "../pipeline/secrets/secret-places.ts";
import type { PipelineScheduler } from "../scheduler/pipeline-scheduler.ts";
import type { Quotas } from "./accounts/quotas.ts";
import type { LimitedActor, TrustedActor } from "../scheduler/rights.ts";
import type { ApiSettings } from "./api-options.ts";
import { type Caller, mayCall } from "./caller.ts";
import type { Route } from "./contract/route.ts";
import type { AnyHandler } from "./handlers/handler.ts";
import { type AnswerStore, answerOnce, idempotencyKeyOf } from "./idempotency/answer-once.ts";
import { readJson } from "./read-body.ts";

/** What serving a call takes besides the request. */
export interface Serving {
  readonly scheduler: PipelineScheduler;
  readonly settings: ApiSettings;
  readonly logger: Logger;
  readonly quotas: Quotas;
  /** Where answers to requests are kept that may be repeated. */
  readonly answers: AnswerStore;
  /** Whether somebody may use pipelines whose params can execute code. */
  readonly mayUseCommands: (caller: Caller) => boolean;
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
  { scheduler, settings, logger, quotas, answers, mayUseCommands }: Serving,
): Promise<Response> {
  requireAccess(route, caller);
  const where = `${route.method} ${route.path}`;
  const query = readQuery(route, new URL(request.url).searchParams, where);
  const body = await readBody(route, request, { settings, where });
  const actor = caller && actorOf(caller, mayUseCommands);
  const headers = new Headers();
  let status = route.status ?? 200;
  const call = {
    path,
    query,
    body,
    scheduler: actor && scheduler.as(actor),
    acting: (note?: string) => scheduler.as(actor ?? NOBODY, note),
    caller,
    again,
    request,
    address,
    quotas,
    status: (other: 200 | 201 | 202) => {
      status = other;
    },
    logger,
    headers,
  };
  // The contract's schemas have made the call what this handler takes.
  const answering = async (): Promise<Response> => {
    const answer = await handler(call as never);
    if (answer instanceof Response) {
      for (const [name, value] of headers) answer.headers.set(name, value);
      return answer;
    }
    if (route.answer === null) return new Response(null, { status: 204, headers });
    headers.set("content-type", "application/json");
    return new Response(JSON.stringify(answer), { status, headers });
  };
  const key = route.method === "POST" && caller ? idempotencyKeyOf(request) : undefined;
  if (key === undefined || !caller) return answering();
  const { pathname, search } = new URL(request.url);
  const target = `${route.method} ${pathname}${search}`;
  const isSecret = route.answerIsSecret === true;
  const bodyIsSecret = route.body !== undefined && secretPlacesOf(route.body).input.length > 0;
  return answerOnce(answers, { key, caller, target, body, isSecret, bodyIsSecret }, answering);
}

/** Stands for a caller where there is none: routes that are open to anyone change nothing of jobs. */
const NOBODY: LimitedActor = { kind: "user", id: "nobody", role: "viewer", owners: ["nobody"] };

/** With what rights the scheduler acts; what a credential says of commands counts for nothing. */
function actorOf(
  caller: Caller,
  mayUseCommands: Serving["mayUseCommands"],
): LimitedActor | TrustedActor {
  const { actor } = caller;
  return "role" in actor ? { ...actor, commands: mayUseCommands(caller) } : actor;
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
  { body: schema, maxBodyBytes = 0 }: Route,
  request: Request,
  { settings: { limits }, where }: { readonly settings: ApiSettings; readonly where: string },
): Promise<unknown> {
  if (!schema) return undefined;
  const body = await readJson(request, {
    maxBytes: Math.max(limits.bodyBytes, maxBodyBytes),
    maxDepth: limits.bodyDepth,
    isOptional: schema.safeParse(undefined).success,
  });
  return body === undefined ? undefined : parseOptions(schema, body, `${where}, body`);
}
