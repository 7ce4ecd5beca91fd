import { CronduitError, type ErrorCode, type ErrorData } from "../core/errors.ts";

/** How a task failed. `data` has what its code is about, such as `exitCode` and `signal`. */
export class TaskError extends CronduitError {
  override readonly name = "TaskError";
  /** Whether another attempt may follow, if the job's `retry` allows it. */
  readonly retryable: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    options: { data?: ErrorData; cause?: unknown; retryable?: boolean } = {},
  ) {
    super(code, message, options);
    this.retryable = options.retryable ?? true;
  }
}
