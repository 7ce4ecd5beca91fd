/** What an error was caused by: plain data, bounded in length, depth and number. */
export interface ErrorCause {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
  /** The error's own `cause`. */
  readonly cause?: ErrorCause | undefined;
  /** The errors that an aggregate error (`Promise.any`) stands for. */
  readonly errors?: readonly ErrorCause[] | undefined;
}

/** How a run failed, as stored: plain data, bounded in length. */
export interface StoredError extends ErrorCause {
  /** Includes the stacks of the causes. */
  readonly stack?: string | undefined;
  /**
   * The message with its underlying cause, if an inner error says more: `fetch failed: connect ECONNREFUSED
   * 127.0.0.1:80`.
   */
  readonly reason?: string | undefined;
}

/** What to say about an error in a sentence. */
export function reasonOf({ reason, message }: StoredError): string {
  return reason ?? message;
}

/** The same error with `change` applied to all its texts. */
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

/** What the innermost errors say, without repetition; `undefined` if there are none. */
function innermost({ cause, errors }: ErrorCause): string | undefined {
  if (errors !== undefined && errors.length > 0) {
    const all = [...new Set(errors.map((inner) => innermost(inner) ?? withCode(inner)))];
    const more = all.length > MAX_REASONS ? `; and ${all.length - MAX_REASONS} more` : "";
    return `${all.slice(0, MAX_REASONS).join("; ")}${more}`;
  }
  return cause && (innermost(cause) ?? withCode(cause));
}

function withCode({ message, code }: ErrorCause): string {
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}

/** The message followed by what the innermost errors say, if that adds anything. */
export function fullReason(error: ErrorCause): string | undefined {
  const inner = innermost(error);
  return inner === undefined || error.message.includes(inner)
    ? undefined
    : `${error.message.replace(/\.$/, "")}: ${inner}`;
}
