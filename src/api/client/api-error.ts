import type { Problem } from "../contract/problem-shape.ts";

/** What the HTTP API refused, or could not do. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** Stable: branch on this. */
  readonly code: string;
  readonly status: number;
  /** What the API answered, with what to do about it. */
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.code = problem.code;
    this.status = problem.status;
    this.problem = problem;
  }
}
