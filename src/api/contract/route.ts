import type { z } from "zod";
import type { ErrorCode } from "../../core/error-codes.ts";

/** The methods of HTTP that routes have. */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * Who may call a route. `anyone`: without a credential. `viewer`: who may read; `editor`: who may change what is theirs;
 * `admin`: administrators only.
 */
export type Access = "anyone" | "viewer" | "editor" | "admin";

/** The headings under which routes are listed, and what stands there. */
export const GROUPS = {
  jobs: "What runs when: jobs, one by one and many at once.",
  files: "Jobs that files declare: what files would change, and applying them.",
  schedules: "Schedules before they are saved: in words, with their next times.",
  pipelines: "What jobs can run, and what it takes.",
  runs: "What became of each time that was due: runs, their steps and logs.",
  fleet: "Everything at once: figures, workers, queues, changes.",
  events: "What happens, as it happens.",
  people: "Who may do what: sessions, users, tokens.",
  machines: "For other programs: whether this process lives, and what it offers.",
} as const;

/** A heading of the list of routes. */
export type Group = keyof typeof GROUPS;

/** A route: what it takes, what it answers, and who may call it. */
export interface Route {
  readonly method: Method;
  /** Below the base path, with names in braces: `/jobs/{jobId}`. */
  readonly path: `/${string}`;
  /** What it does, in one sentence for the list of routes. */
  readonly summary: string;
  /** Under which heading it stands in the list of routes. */
  readonly group: Group;
  readonly access: Access;
  /** The query's parameters. Absent: it takes none. */
  readonly query?: z.ZodObject;
  /** The body as JSON. Absent: it takes none. */
  readonly body?: z.ZodType;
  /** How large the body may be, in bytes, if that is more than of other routes. */
  readonly maxBodyBytes?: number;
  /** The answer as JSON; `null`: it has no body; `"stream"`: server-sent events; `"text"`: a page or a text. */
  readonly answer: z.ZodType | "stream" | "text" | null;
  /** Whether the query `follow=true` makes it answer server-sent events. @default false */
  readonly follows?: true;
  /** The status of the answer. @default 200, or 204 without a body */
  readonly status?: 200 | 201 | 202;
  /** Whether the answer holds a secret, and is not kept for whoever repeats the request. @default false */
  readonly answerIsSecret?: boolean;
  /** Codes of errors that this route has besides those that all have. */
  readonly errors?: readonly ErrorCode[];
}

/** Keeps a route's exact type. */
export function route<const R extends Route>(given: R): R {
  return given;
}

/** The names in braces of a path. */
export type PathNames<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathNames<Rest>
  : never;

/** The values for the names in a route's path. */
export type PathOf<R extends Route> = Readonly<Record<PathNames<R["path"]>, string>>;

/** The query as a caller writes it. */
export type QueryInputOf<R extends Route> = R["query"] extends z.ZodType
  ? z.input<R["query"]>
  : undefined;

/** The query as it was read. */
export type QueryOf<R extends Route> = R["query"] extends z.ZodType
  ? z.output<R["query"]>
  : undefined;

/** The body as a caller writes it. */
export type BodyInputOf<R extends Route> = R["body"] extends z.ZodType
  ? z.input<R["body"]>
  : undefined;

/** The body as it was read. */
export type BodyOf<R extends Route> = R["body"] extends z.ZodType ? z.output<R["body"]> : undefined;

/** The answer, as JSON. */
export type AnswerOf<R extends Route> =
  ValueOf<R> | (R extends { readonly follows: true } ? Response : never);

type ValueOf<R extends Route> = R["answer"] extends z.ZodType
  ? z.output<R["answer"]>
  : R["answer"] extends null
    ? undefined
    : Response;
