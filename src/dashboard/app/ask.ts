import type { Contract, RouteName } from "../../api/contract.ts";
import type { Problem } from "../../api/contract/problem-shape.ts";
import type {
  AnswerOf,
  BodyInputOf,
  PathNames,
  QueryInputOf,
  Route,
} from "../../api/contract/route.ts";
import { learnTime } from "./browser-clock.ts";
import { API } from "./where.ts";

/** Every route, by its method and path: `GET /jobs/{jobId}`. */
export type Routes = {
  [N in RouteName as `${Contract[N]["method"]} ${Contract[N]["path"]}`]: Contract[N];
};
/** The method and path of a route. */
export type Place = keyof Routes;

type Field<Name extends string, Given> = [Given] extends [undefined]
  ? unknown
  : Partial<Given> extends Given
    ? { readonly [K in Name]?: Given }
    : { readonly [K in Name]: Given };
type PathGiven<R extends Route> = [PathNames<R["path"]>] extends [never]
  ? undefined
  : Readonly<Record<PathNames<R["path"]>, string>>;

/** What a route takes. */
export type Asked<P extends Place> = Field<"path", PathGiven<Routes[P]>> &
  Field<"query", QueryInputOf<Routes[P]>> &
  Field<"body", BodyInputOf<Routes[P]>> & {
    readonly headers?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal | undefined;
  };

/** What a route takes as JSON. */
export type Body<P extends Place> = NonNullable<BodyInputOf<Routes[P]>>;

/** What a route answers as JSON. */
export type Answer<P extends Place> = Exclude<AnswerOf<Routes[P]>, Response>;

/** What the API refused, or why it could not be asked. */
export class AskError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }

  get code(): string {
    return this.problem.code;
  }
}

/** The code of an error that says that no server answered. */
export const UNREACHABLE = "UNREACHABLE";

let csrf: string | null = null;

/** What changes have to be sent with, as the session says. */
export function sendCsrf(token: string | null): void {
  csrf = token;
}

type QueryValue = string | number | boolean | undefined;

interface AnyAsked {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The address of a route. */
export function addressOf(place: Place, asked: AnyAsked): { method: string; url: URL } {
  const { path: names = {}, query = {} } = asked;
  const [method = "", path = ""] = place.split(" ");
  const where = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(names[name] ?? ""),
  );
  const url = new URL(`${API}${where}`);
  for (const [name, value] of Object.entries(query))
    for (const each of [value].flat())
      if (each !== undefined) url.searchParams.append(name, String(each));
  return { method, url };
}

/** Asks the API. @throws {@link AskError} */
export async function ask<P extends Place>(place: P, asked: Asked<P>): Promise<Answer<P>> {
  const { method, url } = addressOf(place, asked as AnyAsked);
  const { body, headers, signal } = asked as AnyAsked;
  const isChange = method !== "GET";
  const init: RequestInit = {
    method,
    credentials: "same-origin",
    redirect: "error",
    headers: {
      accept: "application/json",
      ...(isChange && csrf !== null ? { "x-cronduit-csrf": csrf } : {}),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  };
  const response = await fetch(url, init).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new AskError(unreachable());
  });
  learnTime(response);
  if (!response.ok) throw new AskError(await problemOf(response));
  return (response.status === 204 ? undefined : await response.json()) as Answer<P>;
}

function unreachable(): Problem {
  return {
    type: "about:blank",
    title: "No server answered.",
    status: 0,
    code: UNREACHABLE,
    message: navigator.onLine ? "The server does not answer." : "This browser is offline.",
    hint: "What you see is from before. It is asked again by itself.",
  };
}

async function problemOf(response: Response): Promise<Problem> {
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("application/problem+json")) return (await response.json()) as Problem;
  const { status } = response;
  return {
    type: "about:blank",
    title: "Something else than this API answered.",
    status,
    code: status >= 500 ? UNREACHABLE : "UNKNOWN_ANSWER",
    message: `The answer has the status ${status} and is of another kind than the API sends.`,
    hint: "A proxy may stand in between; look whether the server runs.",
  };
}
