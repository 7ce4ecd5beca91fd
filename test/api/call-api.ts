import { expect } from "vitest";
import { contract } from "../../src/api/contract.ts";
import type { Route } from "../../src/api/contract/route.ts";
import { problemShape } from "../../src/api/contract/problem-shape.ts";
import type { Api } from "../../src/api/create-api.ts";

const ORIGIN = "http://127.0.0.1";
const ROUTES = Object.values(contract) as Route[];

/** What an API answered. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  /** As JSON; `undefined` without a body. */
  readonly body: unknown;
}

/** A request to make. */
export interface Asked {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls a path below `/api`; every answer must fit the schema that its route promises. */
export async function callApi(
  api: Pick<Api, "fetch">,
  path: string,
  { method = "GET", body, headers = {} }: Asked = {},
): Promise<Answered> {
  const url = new URL(`/api${path}`, ORIGIN);
  const request = new Request(url, {
    method,
    headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const answer = await api.fetch(request);
  const text = await answer.text();
  const json: unknown = text === "" ? undefined : JSON.parse(text);
  if (answer.ok) requireShape(routeOf(method, url.pathname), json);
  else expect(problemShape.strict().parse(json)).toMatchObject({ status: answer.status });
  return { status: answer.status, headers: answer.headers, body: json };
}

function requireShape(route: Route | undefined, json: unknown): void {
  if (route === undefined) throw new Error("an answer without a route");
  if (typeof route.answer === "string") return;
  if (route.answer === null) expect(json).toBeUndefined();
  // What a schema does not have would vanish.
  else expect(route.answer.parse(json)).toEqual(json);
}

function routeOf(method: string, path: string): Route | undefined {
  return ROUTES.filter((route) => route.method === method).find((route) => {
    const pattern = route.path.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`);
    return new RegExp(`^/api${pattern.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path);
  });
}
