import type { IncomingMessage } from "node:http";
import { TaskError } from "../task-error.ts";
import type { Sent } from "./exchange.ts";

/** Statuses that name another place; the others of 3xx are answers. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * What follows from an answer, by the rules of fetch; `undefined` if it is no redirect. Another origin gets no secret, and none may make
 * a request go on in plain text.
 * @throws {@link TaskError} `REQUEST_FAILED` if the place is none that may be called
 */
export function following(request: Sent, answer: IncomingMessage): Sent | undefined {
  const { statusCode = 0, headers } = answer;
  const { location } = headers;
  if (!REDIRECTS.has(statusCode) || location === undefined) return undefined;
  const url = placeOf(location, request.url);
  const becomesGet =
    (statusCode === 303 && request.method !== "HEAD") ||
    ((statusCode === 301 || statusCode === 302) && request.method === "POST");
  const isSameOrigin = url.origin === request.url.origin;
  return {
    ...request,
    url,
    ...(becomesGet
      ? { method: "GET", body: undefined, headers: withoutBody(request.headers) }
      : {}),
    ...(isSameOrigin ? {} : { secretHeaders: {} }),
  };
}

function placeOf(location: string, from: URL): URL {
  const refuse = (why: string): TaskError =>
    new TaskError("REQUEST_FAILED", `${from.host} redirected the request to ${why}.`, {
      data: { host: from.host },
      retryable: false,
    });
  if (!URL.canParse(location, from.href)) throw refuse("something that is no URL");
  const url = new URL(location, from.href);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw refuse(`a URL that begins with ${url.protocol}`);
  if (url.protocol === "http:" && from.protocol === "https:")
    throw refuse("http:, without encryption");
  if (url.username !== "" || url.password !== "") throw refuse("a URL with a password");
  return url;
}

function withoutBody(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/^content-/i.test(name)));
}
