/** What the exit code of a command says. */
export const EXIT = {
  ok: 0,
  /** The run that was waited for failed. */
  failed: 1,
  usage: 2,
  notFound: 3,
  auth: 4,
  unreachable: 5,
  conflict: 6,
  /** Some of what was asked was done. */
  partial: 7,
  /** `diff` found changes. */
  changes: 8,
  /** A fault of cronduit itself. */
  fault: 70,
  timeout: 124,
  interrupt: 130,
} as const;

/** An exit code. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The exit code of each code of an error that is no wrong input (2) of the caller. */
const BY_CODE: Readonly<Record<string, ExitCode>> = {
  JOB_NOT_FOUND: EXIT.notFound,
  RUN_NOT_FOUND: EXIT.notFound,
  ACCOUNT_NOT_FOUND: EXIT.notFound,
  NOT_AUTHENTICATED: EXIT.auth,
  NOT_ALLOWED: EXIT.auth,
  SECOND_FACTOR_REQUIRED: EXIT.auth,
  PASSWORD_CHANGE_REQUIRED: EXIT.auth,
  TOO_MANY_ATTEMPTS: EXIT.auth,
  CSRF_TOKEN_MISSING: EXIT.auth,
  QUOTA_EXCEEDED: EXIT.auth,
  ENCRYPTION_REQUIRED: EXIT.auth,
  HOST_NOT_ALLOWED: EXIT.auth,
  ORIGIN_NOT_ALLOWED: EXIT.auth,
  CONNECTION_FAILED: EXIT.unreachable,
  SERVER_REFUSED: EXIT.unreachable,
  NOT_READY: EXIT.unreachable,
  RATE_LIMITED: EXIT.unreachable,
  TOO_MANY_STREAMS: EXIT.unreachable,
  UNKNOWN_ANSWER: EXIT.unreachable,
  CONFLICTING_ID: EXIT.conflict,
  CONFIG_CONFLICT: EXIT.conflict,
  REVISION_CHANGED: EXIT.conflict,
  INVALID_STATE: EXIT.conflict,
  OCCURRENCE_DECIDED: EXIT.conflict,
  NOT_OVERRIDABLE: EXIT.conflict,
  USER_EXISTS: EXIT.conflict,
  LAST_ADMINISTRATOR: EXIT.conflict,
  IDEMPOTENCY_KEY_IN_USE: EXIT.conflict,
  IDEMPOTENCY_KEY_REUSED: EXIT.conflict,
  SCHEMA_OUTDATED: EXIT.conflict,
  UNSUPPORTED_SERVER: EXIT.conflict,
  UNSUPPORTED_LIBRARY: EXIT.conflict,
  FOLDER_IN_USE: EXIT.conflict,
  FOLDER_DAMAGED: EXIT.conflict,
  ROUTE_NOT_FOUND: EXIT.conflict,
  METHOD_NOT_ALLOWED: EXIT.conflict,
  WAIT_TIMED_OUT: EXIT.timeout,
  INTERNAL: EXIT.fault,
};

/** The exit code of an error's code. */
export function exitCodeOf(code: string): ExitCode {
  return Object.hasOwn(BY_CODE, code) ? (BY_CODE[code] ?? EXIT.usage) : EXIT.usage;
}
