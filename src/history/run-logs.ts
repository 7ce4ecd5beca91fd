import { z } from "zod";
import { type Clock, keepAlive, sleep } from "../core/clock.ts";
import type { Engine, LogLine } from "../engine/port/engine.ts";
import { parseOptions } from "../jobs/options.ts";
import { instantOption } from "../jobs/instant-option.ts";
import type { InstantInput } from "../triggers/time/parse-instant.ts";
import { cleanupSchema } from "./cleanup-schema.ts";
import type { RunHistory } from "./run-history.ts";
import { isVerdict, jobOf } from "./run.ts";

/** How often to poll a log that is being followed. */
const FOLLOW_EVERY_MS = 250;
const FOLLOW_PAGE = 1_000;

/** Lines that one call looks at; if too few of them fit, the cursor continues from there. */
const MAX_LOOKED = 20_000;
const SEARCH_PAGE = 1_000;

const levelSchema = z.enum(["debug", "info", "warn", "error", "output"]);
const querySchema = z.strictObject({
  after: z.string().min(1).max(100).optional(),
  limit: z.int().min(1).max(10_000).default(1_000),
  text: z.string().min(1).max(200).optional(),
  level: z.union([levelSchema, z.array(levelSchema).min(1)]).optional(),
});

const followSchema = z.strictObject({
  signal: z.instanceof(AbortSignal).meta({ allowed: "an AbortSignal" }).optional(),
});

/** Which lines to read. */
export interface RunLogQuery {
  /** Only lines after this one: the `cursor` of an earlier page. @default the beginning */
  after?: string | undefined;
  /** Lines per page, 1 to 10,000. @default 1,000 */
  limit?: number | undefined;
  /** Only lines whose message contains this, literally; case does not matter. @default all */
  text?: string | undefined;
  /** Only lines of this level, or of one of these. @default all */
  level?: LogLine["level"] | LogLine["level"][] | undefined;
}

/** Which logs to delete: give one of the two. */
export interface LogCleanup {
  /**
   * Logs of runs that began before this instant, as in `runDate`; read in the job's time zone unless it has an offset.
   * A date without a time means its midnight, so that day's logs are kept.
   */
  before?: InstantInput | undefined;
  /** The logs of all runs. */
  all?: boolean | undefined;
}

/** One line of a run's log. */
export interface RunLogLine {
  readonly time: Date;
  /** `output` is text that was written to the console or standard output. */
  readonly level: LogLine["level"];
  readonly message: string;
  /** The attempt that wrote it. */
  readonly attempt: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Log lines, in order. */
export interface RunLogPage {
  readonly lines: readonly RunLogLine[];
  /**
   * Pass it to the next call, also at the end: there may be more lines later. `undefined` while there are no lines. A page may be
   * shorter than its limit and not be the last.
   */
  readonly cursor: string | undefined;
  /** Whether there were no more lines when this page was read. */
  readonly isEnd: boolean;
}

function toLine({ at, level, message, attempt, fields }: LogLine): RunLogLine {
  return { time: new Date(at), level, message, attempt, fields: fields ?? {} };
}

/** Reads and deletes the logs of runs. */
export class RunLogs {
  readonly #engine: Pick<Engine, "logs">;
  readonly #history: RunHistory;
  readonly #clock: Clock;

  constructor(engine: Pick<Engine, "logs">, history: RunHistory, clock: Clock) {
    this.#engine = engine;
    this.#history = history;
    this.#clock = clock;
  }

  async page(runId: string, input: RunLogQuery): Promise<RunLogPage> {
    const page = await this.#page(runId, input);
    // A run without a log is none that never was.
    if (page.lines.length === 0 && input.after === undefined) await this.#history.get(runId);
    return page;
  }

  async #page(runId: string, input: RunLogQuery): Promise<RunLogPage> {
    const { after, limit, text, level } = parseOptions(querySchema, input, "getLogs");
    const of = { jobId: jobOf(runId), runId };
    const levels = level === undefined ? undefined : [level].flat();
    const word = text?.toLowerCase();
    const isFiltered = levels !== undefined || word !== undefined;
    const found: LogLine[] = [];
    let cursor = after;
    for (let looked = 0; looked < MAX_LOOKED;) {
      const asked = isFiltered ? SEARCH_PAGE : limit;
      const page = await this.#engine.logs.read({ ...of, after: cursor, limit: asked });
      for (const [i, line] of page.lines.entries()) {
        if (levels?.includes(line.level) === false) continue;
        if (word !== undefined && !line.message.toLowerCase().includes(word)) continue;
        found.push(line);
        if (found.length < limit || i === asked - 1) continue;
        // The page goes on behind the last line that is wanted, and only a page's end has a cursor.
        const part = await this.#engine.logs.read({ ...of, after: cursor, limit: i + 1 });
        return {
          lines: found.map(toLine),
          cursor: part.cursor,
          isEnd: i === page.lines.length - 1,
        };
      }
      looked += page.lines.length;
      cursor = page.cursor;
      const isEnd = page.lines.length < asked;
      if (isEnd || found.length === limit) return { lines: found.map(toLine), cursor, isEnd };
    }
    return { lines: found.map(toLine), cursor, isEnd: false };
  }

  /** @yields Lines as they are written, until the run has its verdict and all lines have been read. */
  async *follow(
    runId: string,
    options: { readonly signal?: AbortSignal },
  ): AsyncGenerator<RunLogLine, void> {
    const { signal } = parseOptions(followSchema, options, "followLogs");
    const jobId = jobOf(runId);
    let after: string | undefined;
    for (;;) {
      if (signal?.aborted) return;
      // In this order, because a run's log is stored before its verdict.
      const { verdict } = await this.#history.get(runId);
      const page = await this.#engine.logs.read({ jobId, runId, after, limit: FOLLOW_PAGE });
      for (const line of page.lines) yield toLine(line);
      after = page.cursor;
      if (page.lines.length === FOLLOW_PAGE) continue;
      if (isVerdict(verdict)) return;
      await keepAlive(sleep(this.#clock, FOLLOW_EVERY_MS, signal, "look"));
    }
  }

  async cleanUp(jobId: string, timezone: string, input: LogCleanup): Promise<number> {
    const { before } = parseOptions(cleanupSchema, input, "cleanupLogs");
    const until =
      before === undefined
        ? Number.MAX_SAFE_INTEGER
        : instantOption(before, { where: "cleanupLogs", path: "before", timezone });
    let deleted = 0;
    for (;;) {
      const now = await this.#engine.logs.delete(jobId, until);
      if (now === 0) return deleted;
      deleted += now;
    }
  }
}
