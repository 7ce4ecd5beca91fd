import { counted } from "../core/counted.ts";
import { type CancelTimer, type Clock, within } from "../core/clock.ts";
import { isCronduitError } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";
import type { Engine, LogLine, LogWrite } from "../engine/port/engine.ts";

/** How long a line waits for others to join it. */
const EVERY_MS = 200;
const MAX_WAITING_LINES = 100;
/** How long the end of a run waits for its lines to be stored. */
const END_LIMIT_MS = 1_000;
/** After a server that did not answer. */
const RETRY_MS = 1_000;
/** Characters of all lines that may wait for a server; lines beyond that are lost, and one line says so. */
const MAX_WAITING = 8 * 1024 * 1024;
/** Characters per call. */
const MAX_BATCH = 512 * 1024;

/** Which run the lines belong to, and how much of them is kept. */
export type LogOwner = Omit<LogWrite, "lines">;

interface Waiting {
  readonly owner: LogOwner;
  readonly lines: LogLine[];
  /** Counts the lines that found no room. */
  lost: { readonly count: number; readonly last: LogLine } | undefined;
}

/** A line and its size. */
export interface WeighedLine {
  readonly line: LogLine;
  /** In characters, approximately. */
  readonly weight: number;
}

/** Stores the log lines of all runs of a worker in batches. Never fails a run, and hardly ever makes one wait. */
export class LogWriter {
  readonly #engine: Pick<Engine, "logs">;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #waiting = new Map<string, Waiting>();
  readonly #weights = new WeakMap<LogLine, number>();
  #weight = 0;
  #count = 0;
  #cancel: CancelTimer | undefined;
  #writing: Promise<void> | undefined;
  #hasFailed = false;
  #isClosed = false;
  #isAboutToWrite = false;

  constructor(engine: Pick<Engine, "logs">, clock: Clock, logger: Logger) {
    this.#engine = engine;
    this.#clock = clock;
    this.#logger = logger;
  }

  add(owner: LogOwner, { line, weight }: WeighedLine): void {
    if (this.#isClosed) return;
    let waiting = this.#waiting.get(owner.runId);
    if (!waiting) this.#waiting.set(owner.runId, (waiting = { owner, lines: [], lost: undefined }));
    if (this.#weight + weight > MAX_WAITING) {
      waiting.lost = { count: (waiting.lost?.count ?? 0) + 1, last: line };
      return;
    }
    waiting.lines.push(line);
    this.#weights.set(line, weight);
    this.#weight += weight;
    this.#count += 1;
    if (this.#count < MAX_WAITING_LINES || this.#hasFailed) this.#arm(EVERY_MS);
    else if (!this.#isAboutToWrite) void this.#write();
  }

  /** Waits, but not long, until the lines of a run, or of all runs, are stored. */
  async flush(runId?: string): Promise<void> {
    const waits = runId === undefined ? this.#waiting.size > 0 : this.#waiting.has(runId);
    const writing = waits ? this.#write() : this.#writing;
    if (writing) await within(this.#clock, END_LIMIT_MS, writing);
  }

  /** Stores what waits, within a bounded time; later lines of abandoned runs are dropped. */
  async close(): Promise<void> {
    await this.flush();
    this.#isClosed = true;
    this.#waiting.clear();
    this.#cancel?.();
  }

  #arm(delayMs: number): void {
    if (this.#cancel !== undefined || this.#isClosed) return;
    this.#cancel = this.#clock.after(this.#hasFailed ? RETRY_MS : delayMs, () => {
      this.#cancel = undefined;
      void this.#write();
    });
  }

  /** Sends one call at a time, so that lines keep their order. */
  #write(): Promise<void> {
    this.#isAboutToWrite = true;
    const earlier = this.#writing ?? Promise.resolve();
    const writing = earlier
      .then(() => this.#writeAll())
      .finally(() => {
        if (this.#writing === writing) this.#writing = undefined;
      });
    this.#writing = writing;
    return writing;
  }

  async #writeAll(): Promise<void> {
    this.#isAboutToWrite = false;
    while (this.#waiting.size > 0) {
      const batch = this.#take();
      try {
        await this.#engine.logs.append(batch);
        this.#hasFailed = false;
      } catch (error) {
        this.#fail(batch, error);
        return;
      }
    }
  }

  #fail(batch: readonly LogWrite[], error: unknown): void {
    if (!this.#hasFailed) this.#logger.warn("lines of runs' logs could not be stored", { error });
    this.#hasFailed = true;
    // What the server refused once, it will refuse again.
    if (!isCronduitError(error, "CONNECTION_FAILED")) return;
    for (const { lines, ...owner } of batch) this.#putBack(owner, lines);
    this.#arm(RETRY_MS);
  }

  /** The lines of as many runs as fit in one call. */
  #take(): LogWrite[] {
    const batch: LogWrite[] = [];
    let weight = 0;
    for (const [runId, { owner, lines, lost }] of this.#waiting) {
      let count = 0;
      let mine = 0;
      while (count < lines.length && (count === 0 || weight + mine < MAX_BATCH)) {
        mine += this.#weightOf(lines[count]);
        count += 1;
      }
      const taken = lines.splice(0, count);
      weight += mine;
      this.#weight -= mine;
      this.#count -= count;
      if (lines.length === 0) {
        this.#waiting.delete(runId);
        if (lost !== undefined) taken.push(lossOf(lost));
      }
      batch.push({ ...owner, lines: taken });
      if (weight >= MAX_BATCH) break;
    }
    return batch;
  }

  #putBack(owner: LogOwner, lines: readonly LogLine[]): void {
    const waiting = this.#waiting.get(owner.runId);
    const all = [...lines, ...(waiting?.lines ?? [])];
    this.#waiting.set(owner.runId, { owner, lines: all, lost: waiting?.lost });
    for (const line of lines) this.#weight += this.#weightOf(line);
    this.#count += lines.length;
  }

  #weightOf(line: LogLine | undefined): number {
    return line === undefined ? 0 : (this.#weights.get(line) ?? 0);
  }
}

function lossOf({ count, last }: NonNullable<Waiting["lost"]>): LogLine {
  return {
    at: last.at,
    level: "warn",
    message: `${counted(count, "line was", "lines were")} lost here: the server did not take ${count === 1 ? "it" : "them"} in time`,
    attempt: last.attempt,
  };
}
