import { contract, type Contract, type RouteName } from "../contract.ts";
import type { Problem } from "../contract/problem-shape.ts";
import type { AnswerOf, BodyInputOf, PathNames, QueryInputOf, Route } from "../contract/route.ts";
import { ApiError } from "./api-error.ts";

/** A field that must be given, may be left out if everything in it may, and is not there if the route takes nothing. */
type Field<Name extends string, Given> = [Given] extends [undefined]
  ? unknown
  : Partial<Given> extends Given
    ? { readonly [K in Name]?: Given }
    : { readonly [K in Name]: Given };

/** What a route takes, as its caller writes it. */
export type AskOf<R extends Route> = Field<
  "path",
  [PathNames<R["path"]>] extends [never]
    ? undefined
    : Readonly<Record<PathNames<R["path"]>, string>>
> &
  Field<"query", QueryInputOf<R>> &
  Field<"body", BodyInputOf<R>> & {
    /** Headers to add, such as `if-match` or `idempotency-key`. */
    readonly headers?: Readonly<Record<string, string>> | undefined;
    /** Ends the call. */
    readonly signal?: AbortSignal | undefined;
  };

/** A function for each route, named after it. What the API refuses is thrown as {@link ApiError}. */
export type Client = {
  readonly [N in RouteName]: Partial<AskOf<Contract[N]>> extends AskOf<Contract[N]>
    ? (ask?: AskOf<Contract[N]>) => Promise<AnswerOf<Contract[N]>>
    : (ask: AskOf<Contract[N]>) => Promise<AnswerOf<Contract[N]>>;
};

/** How to reach an API. */
export interface ClientOptions {
  /** The URL with the base path: `https://cronduit.example.com/api`. */
  readonly url: string | URL;
  /** An API token or a JWT. @default none, as for a handler in this process */
  readonly token?: string | undefined;
  /**
   * What carries requests: `overSocket(path)`, or `createApi(…).as(…)`, whose requests stay in this process.
   * @default the global `fetch`
   */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
}

/**
 * A typed client of the HTTP API. It needs nothing but the contract.
 * @example
 * const client = createClient({ url: "https://cronduit.example.com/api", token });
 * const { items } = await client.listJobs({ query: { state: "paused" } });
 */
export function createClient({ url, token, fetch = globalThis.fetch }: ClientOptions): Client {
  const base = String(url).replace(/\/+$/, "");
  const calls = Object.entries(contract).map(([name, route]: [string, Route]) => [
    name,
    async (ask: Asked = {}) => {
      const answer = await fetch(requestOf(route, ask, { base, token }));
      // A handler of this process may not look at the signal.
      ask.signal?.throwIfAborted();
      return readAnswer(route, answer);
    },
  ]);
  return Object.fromEntries(calls) as Client;
}

type QueryValue = string | number | boolean | undefined;

interface Asked {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

function requestOf(
  { method, path }: Route,
  { path: names = {}, query = {}, body, headers, signal }: Asked,
  { base, token }: { readonly base: string; readonly token: string | undefined },
): Request {
  const where = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(names[name] ?? ""),
  );
  const url = new URL(`${base}${where}`);
  for (const [name, value] of Object.entries(query))
    for (const each of [value].flat())
      if (each !== undefined) url.searchParams.append(name, String(each));
  return new Request(url, {
    method,
    headers: {
      accept: "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function readAnswer({ answer, follows }: Route, response: Response): Promise<unknown> {
  if (!response.ok) throw new ApiError(await problemOf(response));
  if (typeof answer === "string" || (follows && isStream(response))) return response;
  return answer === null ? undefined : response.json();
}

/** Whether it is what `follow` asks for: events, or none any more. */
function isStream({ status, headers }: Response): boolean {
  return status === 204 || headers.get("content-type")?.startsWith("text/event-stream") === true;
}

async function problemOf(response: Response): Promise<Problem> {
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("application/problem+json")) return (await response.json()) as Problem;
  await response.body?.cancel();
  const { status } = response;
  return {
    type: "about:blank",
    title: "Something else than this API answered.",
    status,
    code: "UNKNOWN_ANSWER",
    message: `The answer has the status ${status} and is of another kind than this API sends.`,
    hint: "Check the URL, and any proxy in between.",
  };
}
