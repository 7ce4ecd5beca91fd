/** What an error was made of: plain, and bounded in length, depth and number. */
export interface ErrorCause {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
  /** The error's own `cause`. */
  readonly cause?: ErrorCause | undefined;
  /** Of an error that stands for several (`Promise.any`): these. */
  readonly errors?: readonly ErrorCause[] | undefined;
}

/** How a run failed, as it is kept: plain, and bounded in length. */
export interface StoredError extends ErrorCause {
  /** With the stacks of its causes. */
  readonly stack?: string | undefined;
  /** The message with what was behind it, if an inner error says more: `fetch failed: connect ECONNREFUSED 127.0.0.1:80`. */
  readonly reason?: string | undefined;
}

/** What to tell of an error in a sentence. */
export function reasonOf({ reason, message }: StoredError): string {
  return reason ?? message;
}

/** The same error with all its texts changed. */
export function withTexts<E extends StoredError>(error: E, change: (text: string) => string): E {
  const { name, message, code, cause, errors, stack, reason } = error;
  return {
    ...error,
    name: change(name),
    message: change(message),
    ...(code === undefined ? {} : { code: change(code) }),
    ...(stack === undefined ? {} : { stack: change(stack) }),
    ...(reason === undefined ? {} : { reason: change(reason) }),
    ...(cause === undefined ? {} : { cause: withTexts(cause, change) }),
    ...(errors === undefined ? {} : { errors: errors.map((inner) => withTexts(inner, change)) }),
  };
}

const MAX_REASONS = 3;

/** What the innermost errors say, the same thing once; `undefined` if there are none. */
function innermost({ cause, errors }: ErrorCause): string | undefined {
  if (errors !== undefined && errors.length > 0) {
    const all = [...new Set(errors.map((inner) => innermost(inner) ?? told(inner)))];
    const more = all.length > MAX_REASONS ? `; and ${all.length - MAX_REASONS} more` : "";
    return `${all.slice(0, MAX_REASONS).join("; ")}${more}`;
  }
  return cause && (innermost(cause) ?? told(cause));
}

function told({ message, code }: ErrorCause): string {
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}

/** The message with what the innermost errors say, if that says more. */
export function fullReason(error: ErrorCause): string | undefined {
  const inner = innermost(error);
  return inner === undefined || error.message.includes(inner)
    ? undefined
    : `${error.message.replace(/\.$/, "")}: ${inner}`;
}
