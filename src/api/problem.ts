import { CronduitError, ERROR_CODES, type ErrorCode, isCronduitError } from "../core/errors.ts";
import type { Problem } from "./contract/problem-shape.ts";

/** Codes that say that the caller should change something, with their status. All others are faults of this side. */
const STATUSES: Partial<Record<ErrorCode, number>> = {
  INVALID_OPTION: 400,
  INVALID_TRIGGER: 400,
  INVALID_CONDITION: 400,
  INVALID_TIMEZONE: 400,
  INVALID_PARAMS: 400,
  INVALID_REQUEST: 400,
  UNKNOWN_PIPELINE: 400,
  PAYLOAD_TOO_LARGE: 413,
  NOT_AUTHENTICATED: 401,
  SECOND_FACTOR_REQUIRED: 401,
  NOT_ALLOWED: 403,
  CSRF_TOKEN_MISSING: 403,
  PASSWORD_CHANGE_REQUIRED: 403,
  QUOTA_EXCEEDED: 403,
  WEAK_PASSWORD: 400,
  TOO_MANY_ATTEMPTS: 429,
  ACCOUNT_NOT_FOUND: 404,
  USER_EXISTS: 409,
  LAST_ADMINISTRATOR: 409,
  ORIGIN_NOT_ALLOWED: 403,
  ENCRYPTION_REQUIRED: 403,
  HOST_NOT_ALLOWED: 421,
  RATE_LIMITED: 429,
  ROUTE_NOT_FOUND: 404,
  JOB_NOT_FOUND: 404,
  RUN_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REVISION_CHANGED: 412,
  IDEMPOTENCY_KEY_IN_USE: 409,
  IDEMPOTENCY_KEY_REUSED: 422,
  CONFLICTING_ID: 409,
  CONFIG_CONFLICT: 409,
  NOT_OVERRIDABLE: 409,
  OCCURRENCE_DECIDED: 409,
  INVALID_STATE: 409,
  WAIT_TIMED_OUT: 504,
  TOO_MANY_STREAMS: 429,
  NOT_READY: 503,
  CONNECTION_FAILED: 503,
  SERVER_REFUSED: 503,
};

/** The status of answers with a code. */
export function statusOf(code: ErrorCode): number {
  return STATUSES[code] ?? 500;
}

/** Whether an error is for the caller: it tells what it wrote, or that something is out of reach. */
export function isForCaller(error: unknown): error is CronduitError {
  return isCronduitError(error) && STATUSES[error.code] !== undefined;
}

/** Codes whose messages name servers behind this one. */
const OF_SERVERS: ReadonlySet<ErrorCode> = new Set(["CONNECTION_FAILED", "SERVER_REFUSED"]);

/** Whether an error is for the log: of it callers are told its code at most. */
export function isForLog(error: unknown): boolean {
  return !isForCaller(error) || OF_SERVERS.has(error.code);
}

/** An error as callers are told it. */
function toldOf(error: unknown): CronduitError {
  if (!isForCaller(error))
    return new CronduitError(
      "INTERNAL",
      "The request could not be answered; the server's log says why.",
    );
  if (!OF_SERVERS.has(error.code)) return error;
  return new CronduitError(
    error.code,
    "Something that this server needs does not answer at the moment; its log says what.",
  );
}

/** What to do about a code over HTTP, where that is not what a program does that has the scheduler. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  INVALID_OPTION: "Correct the field at `path`; the message says what is allowed.",
  INVALID_PARAMS: "Correct the param at `path`; `GET /pipelines` has the pipeline's schema.",
  INVALID_TRIGGER: "Correct the field at `path`; the message says what is allowed.",
  UNKNOWN_PIPELINE: "`GET /pipelines` lists those that there are; others are added to the program.",
  JOB_NOT_FOUND:
    "Check the id with `GET /jobs`, and write it in full and percent-encoded: that of `ana/report` is `ana%2Freport`.",
  RUN_NOT_FOUND: "Check the id with `GET /runs`, and percent-encode it; old runs are deleted.",
  CONFLICTING_ID:
    "Choose another id; or replace the job with `PUT /jobs/{jobId}`, or change it with `PATCH`.",
  NOT_ALLOWED:
    "Ask an administrator, or call with a credential that may: `GET /session` says who you are.",
};

/** Says in a message what can be done over HTTP. */
function inRoutes(code: ErrorCode, message: string): string {
  return code === "CONFLICTING_ID"
    ? message.replace(/, or pass replaceExisting: true\.$/, ", or replace it with PUT.")
    : message;
}

/** An error as the API answers it. Of a fault of this side it tells nothing. */
export function toProblem(error: unknown): Problem {
  const told = toldOf(error);
  const { code, message, data } = told;
  const { meaning, remedy } = ERROR_CODES[code];
  const { path = data["field"], ...more } = data;
  return {
    type: `urn:cronduit:error:${code}`,
    title: meaning,
    status: statusOf(code),
    code,
    message: inRoutes(code, message),
    hint: HINTS[code] ?? remedy,
    ...(typeof path === "string" ? { path } : {}),
    ...(Object.keys(more).length === 0 ? {} : { data: more }),
  };
}

/** The answer that carries an error. */
export function problemResponse(error: unknown): Response {
  const problem = toProblem(error);
  const headers = new Headers({ "content-type": "application/problem+json" });
  const { retryAfterSeconds } = problem.data ?? {};
  if (typeof retryAfterSeconds === "number") headers.set("retry-after", String(retryAfterSeconds));
  if (problem.status === 401) headers.set("www-authenticate", "Bearer");
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
