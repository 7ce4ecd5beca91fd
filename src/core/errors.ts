import { type Difference, listDifferences } from "./difference.ts";
import type { ErrorCode } from "./error-codes.ts";
import { withoutPasswords } from "./shown.ts";

export { ERROR_CODES, type ErrorCode } from "./error-codes.ts";

/** Fields that locate the fault; which ones are set depends on the code. */
export type ErrorData = Readonly<Record<string, unknown>>;

/** Shared by all copies of the package in a process: a bundle may contain its own, with classes of its own. */
const MARK = Symbol.for("cronduit.error");

/** The base of every error that this package throws on purpose. */
export class CronduitError extends Error {
  // A literal in each class, because minifiers also rename classes.
  override readonly name: string = "CronduitError";
  /** Stable across versions; branch on this, never on the message. */
  readonly code: ErrorCode;
  /** Where and what, for programs: `path`, `field`, `column`, `jobId` and the like. */
  readonly data: ErrorData;

  constructor(
    code: ErrorCode,
    message: string,
    options: { data?: ErrorData; cause?: unknown } = {},
  ) {
    super(
      withoutPasswords(message),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.data = withoutPasswordsIn(options.data ?? {});
    // Not enumerable, so that it isn't printed.
    Object.defineProperty(this, MARK, { value: true });
  }
}

/** Loggers print an error's fields too, and a misplaced value may be a URL with a password. */
function withoutPasswordsIn(data: ErrorData): ErrorData {
  const hasPassword = Object.values(data).some(
    (value) => typeof value === "string" && withoutPasswords(value) !== value,
  );
  if (!hasPassword) return data;
  const clean = Object.entries(data).map(([name, value]) => [
    name,
    typeof value === "string" ? withoutPasswords(value) : value,
  ]);
  return Object.fromEntries(clean) as ErrorData;
}

/**
 * A job with the same id exists, with a different definition. Code `CONFLICTING_ID`. `data.differences` lists what
 * differs, each a {@link Difference}.
 */
export class ConflictingIdError extends CronduitError {
  override readonly name = "ConflictingIdError";

  /** @param differences Absent: the job is somebody else's, and nothing is told of it. */
  constructor(jobId: string, differences?: readonly Difference[]) {
    super(
      "CONFLICTING_ID",
      differences
        ? `Job "${jobId}" already exists with a different definition: ${listDifferences(differences)}. Choose another id, or pass replaceExisting: true.`
        : `The id "${jobId}" is taken. Choose another one.`,
      { data: { jobId, ...(differences && { differences }) } },
    );
  }
}

/** There is no job with that id. Code `JOB_NOT_FOUND`. */
export class JobLookupError extends CronduitError {
  override readonly name = "JobLookupError";

  /** @param suggestion The id that was probably meant. */
  constructor(jobId: string, suggestion?: string) {
    const meant = suggestion === undefined ? "" : ` Did you mean "${suggestion}"?`;
    super("JOB_NOT_FOUND", `There is no job "${jobId}".${meant}`, {
      data: { jobId, ...(suggestion === undefined ? {} : { suggestion }) },
    });
  }
}

/** A trigger that can't be understood or can never fire. Codes `INVALID_TRIGGER` and `INVALID_TIMEZONE`. */
export class TriggerError extends CronduitError {
  override readonly name = "TriggerError";

  constructor(
    message: string,
    data: { field?: string; column?: number; value?: unknown; [more: string]: unknown } = {},
    code: "INVALID_TRIGGER" | "INVALID_TIMEZONE" = "INVALID_TRIGGER",
  ) {
    super(code, message, { data });
  }
}

/** A condition that can't be understood, or exceeds the limits. Code `INVALID_CONDITION`. */
export class ConditionError extends CronduitError {
  override readonly name = "ConditionError";

  constructor(
    message: string,
    /** `column` counts UTF-16 units of the whole text from 1, line breaks included. */
    data: {
      column?: number;
      found?: string;
      expected?: readonly string[];
      suggestion?: string;
      [more: string]: unknown;
    } = {},
  ) {
    super("INVALID_CONDITION", message, { data });
  }
}

/**
 * Whether `error` was thrown by this package, with this code if one is given. Unlike `instanceof`, it also recognises
 * errors of another copy of the package in the process, such as one in a bundle.
 */
export function isCronduitError(error: unknown, code?: ErrorCode): error is CronduitError {
  const isOurs = typeof error === "object" && error !== null && MARK in error;
  return isOurs && (code === undefined || Reflect.get(error, "code") === code);
}
