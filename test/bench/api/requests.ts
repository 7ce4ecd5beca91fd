import type { PipelineScheduler } from "../../../src/index.ts";

/** What is stored, as far as who asks has to know. Plain JSON. */
export interface Stored {
  /** Ids of some of the jobs. */
  readonly ids: readonly string[];
  /** The job with the many rows. */
  readonly jobId: string;
  readonly rows: number;
  /** The fire time of its latest row; the others are {@link APART_MS} apart. */
  readonly endAt: number;
}

/** Milliseconds between the fire times of two rows. */
export const APART_MS = 1_000;
/** Runs and jobs of a page. */
const PAGE = 100;

/** The same question, asked in two ways; `n` counts the requests. */
interface Request {
  /** Of the HTTP API, below its base path. */
  readonly path: (stored: Stored, n: number) => string;
  readonly direct: (scheduler: PipelineScheduler, stored: Stored, n: number) => Promise<unknown>;
}

const idOf = ({ ids }: Stored, n: number): string => ids[(n * 7_919) % ids.length] ?? "";
const fireTimeOf = ({ endAt, rows }: Stored, n: number): Date =>
  new Date(endAt - ((n * 7_919) % rows) * APART_MS);
/** Where the page of this number begins; the last one, if there are fewer. */
const cursorOf = ({ endAt, rows }: Stored, page: number): string =>
  `${endAt - Math.min((page - 1) * PAGE, Math.max(0, rows - PAGE)) * APART_MS}:0`;

function pageOfRuns(page: number): Request {
  return {
    path: (stored) => `/jobs/${stored.jobId}/runs?limit=${PAGE}&cursor=${cursorOf(stored, page)}`,
    direct: (scheduler, stored) =>
      scheduler.getRuns(stored.jobId, { limit: PAGE, cursor: cursorOf(stored, page) }),
  };
}

/** What is asked for, by the name of its part of the table. */
export const REQUESTS = {
  "one job": {
    path: (stored, n) => `/jobs/${idOf(stored, n)}`,
    direct: (scheduler, stored, n) => scheduler.getJob(idOf(stored, n)),
  },
  "a list of 100": {
    path: () => `/jobs?limit=${PAGE}`,
    direct: (scheduler) => scheduler.getJobs({ limit: PAGE }),
  },
  "text that no job has": {
    path: () => `/jobs?limit=${PAGE}&text=nothing%20like%20it`,
    direct: (scheduler) => scheduler.getJobs({ limit: PAGE, text: "nothing like it" }),
  },
  explain: {
    path: (stored, n) => `/jobs/${stored.jobId}/explain?at=${fireTimeOf(stored, n).toISOString()}`,
    direct: (scheduler, stored, n) => scheduler.explain(stored.jobId, fireTimeOf(stored, n)),
  },
  "runs of a job, page 1": pageOfRuns(1),
  "runs of a job, page 10,000": pageOfRuns(10_000),
} as const satisfies Record<string, Request>;
export type RequestName = keyof typeof REQUESTS;

/** Of twenty requests, in turns: what a dashboard and programs ask for. */
const MIX: readonly (readonly [RequestName, number])[] = [
  ["one job", 16],
  ["explain", 2],
  ["runs of a job, page 1", 1],
  ["a list of 100", 1],
];
const TWENTY = MIX.flatMap(([name, count]) => Array.from({ length: count }, () => name));
export const MIXED = "mixed";

/** What is measured. */
export type Asked = RequestName | typeof MIXED;

/** Which request is the n-th. */
export function requestAt(asked: Asked, n: number): RequestName {
  // Seven has nothing in common with twenty, so all of them come, and those of one kind apart.
  return asked === MIXED ? (TWENTY[(n * 7) % TWENTY.length] ?? "one job") : asked;
}
