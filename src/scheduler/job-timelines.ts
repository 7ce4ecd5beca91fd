import { z } from "zod";
import type { Engine } from "../engine/port/engine.ts";
import {
  type JobTimeline,
  readWindow,
  timelinesOf,
  type TimelineWindow,
} from "../history/job-timeline.ts";
import { parseOptions } from "../jobs/options.ts";
import type { Scope } from "../jobs/scope.ts";
import {
  findJobs,
  type JobQuery,
  type JobQueryParts,
  jobQuerySchema,
  tellUnreadable,
} from "./job-query.ts";

const querySchema = jobQuerySchema.extend({
  limit: z.int().min(1).max(100).default(50),
  from: z.unknown().optional(),
  to: z.unknown().optional(),
  marks: z.int().min(60).max(500).default(120),
});

/** Whose timeline, and of which time. */
export interface TimelineQuery extends Omit<JobQuery, "limit">, TimelineWindow {
  /** Jobs per page, 1 to 100. @default 50 */
  limit?: number | undefined;
  /**
   * Most marks of each job, once for what was decided and once for what is planned, 60 to 500; more are merged. A page has no more
   * than 15,000 of each: with 100 jobs, 150 a job. @default 120
   */
  marks?: number | undefined;
}

/** What was and what comes of jobs. */
export interface TimelinePage {
  /** The server's clock. */
  readonly now: Date;
  readonly from: Date;
  readonly to: Date;
  readonly jobs: readonly JobTimeline[];
  /** Pass it to the next call, with `from` and `to` of the first page; `undefined` at the end. */
  readonly cursor: string | undefined;
  /** How many jobs were looked at for this page. */
  readonly lookedAt: number;
}

/** Timelines of a page of jobs. @throws {@link CronduitError} `INVALID_OPTION` */
export async function pageOfTimelines(
  parts: JobQueryParts & { readonly engine: Pick<Engine, "jobs" | "ledger" | "now"> },
  input: TimelineQuery,
  { scope, timezone }: { readonly scope: Scope; readonly timezone: string },
): Promise<TimelinePage> {
  const { from, to, marks, ...query } = parseOptions(querySchema, input, "getTimeline");
  const now = await parts.engine.now();
  const window = readWindow({ from, to } as TimelineWindow, timezone, now);
  const page = await findJobs(parts, query, { scope, where: "getTimeline" });
  const broken = (jobId: string, error: unknown) => tellUnreadable(parts, jobId, error);
  return {
    ...page,
    now: new Date(now),
    from: new Date(window.fromAt),
    to: new Date(window.toAt),
    jobs: await timelinesOf(parts.engine, page.jobs, { window, marks, broken }),
  };
}
