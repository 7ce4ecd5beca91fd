import { validateHeaderName, validateHeaderValue } from "node:http";
import { z } from "zod";
import { namedValues } from "../named-values.ts";
import { limitShape } from "../program/program-options.ts";
import { secretReferenceSchema } from "../secret-references.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** Those of a connection, or of the message's form. */
const OURS =
  /^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|keep-alive|proxy-.*)$/i;
/** Their values are secrets, which must not be stored. */
const CREDENTIALS = /^(?:authorization|cookie|x-api-key|x-auth-token)$/i;
const SECRET_HEADER = /^(?:[A-Za-z][\w-]{0,30} )?((?:env|file):\S.*)$/;

/** What the task `http` takes. */
export interface HttpParams {
  /** Where to: `http:` or `https:`; or the reference of a secret that is such a URL, as those of webhooks are. */
  url: string;
  /** @default "GET", or "POST" if there is a body */
  method?: (typeof METHODS)[number] | undefined;
  /** Headers of the request. @default none */
  headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Headers whose values are secrets, by reference: `{ authorization: "Bearer env:API_TOKEN" }`. The settings say to which origins a
   * secret may go; a redirect to another origin does not get them.
   * @default none
   */
  secretHeaders?: Readonly<Record<string, string>> | undefined;
  /** The body, as text. @default none */
  body?: string | undefined;
  /** The body, as JSON. @default none */
  json?: unknown;
  /** Statuses that mean success: numbers, or `"2xx"`. @default ["2xx"] */
  expectStatus?: readonly (number | string)[] | undefined;
  /** Statuses after which another attempt may follow, if the job's `retry` allows it. @default all that do not mean success */
  retryStatus?: readonly (number | string)[] | undefined;
  /** How many redirects are followed, 0 to 10; with 0 they are answers like any other. @default 5 */
  maxRedirects?: number | undefined;
  /** Whether the job's and the run's id and fire time are sent, as `x-cronduit-…`. @default false */
  runHeaders?: boolean | undefined;
  /** How long all of it may take: seconds, or `"5m"`. @default "30s" */
  timeout?: number | string | undefined;
  /** How much of the answer the run's log keeps, in bytes: the first half and the last. @default 196 608 */
  maxOutputBytes?: number | undefined;
}

const urlSchema = z
  .string()
  .min(1)
  .max(16_384)
  .superRefine((text, context) => {
    const message = problemWithUrl(text);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });

/** Why a text is no URL to send a request to, or no reference to one. */
export function problemWithUrl(text: string): string | undefined {
  if (/^(?:env|file):/.test(text))
    return secretReferenceSchema.safeParse(text).success
      ? undefined
      : "is no reference to a secret";
  if (!URL.canParse(text)) return "is no URL";
  const { protocol, username, password } = new URL(text);
  if (protocol !== "http:" && protocol !== "https:") return "must begin with http:// or https://";
  return username === "" && password === ""
    ? undefined
    : "has a user name or password, which would be stored. Use secretHeaders";
}

function problemWithHeader(name: string): string | undefined {
  if (name.length > 200 || !isValid(() => validateHeaderName(name)))
    return "is no name of a header";
  return OURS.test(name) ? "is a header that the connection sets by itself" : undefined;
}

function problemWithOpenHeader(name: string): string | undefined {
  return CREDENTIALS.test(name)
    ? 'carries a secret, which would be stored. Write secretHeaders, with a value such as "Bearer env:API_TOKEN"'
    : problemWithHeader(name);
}

const headerValue = z
  .string()
  .max(16_384)
  .refine((value) => isValid(() => validateHeaderValue("x", value)), "is no value of a header");

const secretHeader = z
  .string()
  .max(4_096)
  .refine(
    (value) => secretReferenceSchema.safeParse(SECRET_HEADER.exec(value)?.[1]).success,
    'is no reference to a secret, such as "Bearer env:API_TOKEN" or "file:/run/secrets/api-token"',
  );

const STATUS = 'must be a status such as 204, or "2xx"';
const statusSchema = z.union(
  [z.int(STATUS).min(100, STATUS).max(599, STATUS), z.string().regex(/^[1-5]xx$/, STATUS)],
  { error: STATUS },
);

/** The params of the task `http`. */
export const httpParamsSchema = z
  .strictObject({
    url: urlSchema,
    method: z.enum(METHODS).optional(),
    headers: namedValues(headerValue, problemWithOpenHeader).default({}),
    secretHeaders: namedValues(secretHeader, problemWithHeader).default({}),
    body: z.string().max(262_144).optional(),
    json: z.json().optional(),
    expectStatus: z.array(statusSchema).min(1).max(500).default(["2xx"]),
    retryStatus: z.array(statusSchema).max(500).optional(),
    maxRedirects: z.int().min(0).max(10).default(5),
    runHeaders: z.boolean().default(false),
    ...limitShape,
    timeout: limitShape.timeout.prefault("30s"),
  })
  .superRefine(({ method, body, json }, context) => {
    const hasBody = body !== undefined || json !== undefined;
    const issue = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    if (body !== undefined && json !== undefined)
      issue("json", "stands beside body; give one of them");
    if (hasBody && (method === "GET" || method === "HEAD")) issue("method", "has no body");
  });

/** The same, as read. */
export type ReadHttpParams = z.output<typeof httpParamsSchema>;

/** A secret's reference, and what stands before it. */
export function splitSecretHeader(value: string): { before: string; reference: string } {
  const reference = SECRET_HEADER.exec(value)?.[1] ?? value;
  return { before: value.slice(0, value.length - reference.length), reference };
}

/** Whether a status is one of these. */
export function isOneOf(status: number, given: readonly (number | string)[]): boolean {
  return given.includes(status) || given.includes(`${Math.floor(status / 100)}xx`);
}

function isValid(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
