import { type Clock, sleep } from "../../core/clock.ts";
import { isVerdict } from "../../history/run.ts";
import type { ActingScheduler } from "../../scheduler/pipeline-scheduler.ts";
import { asJson } from "../handlers/as-json.ts";
import { type SseStream, type StreamSource, toSseBytes } from "./sse-stream.ts";

const LOOK_MS = 500;
const PAGE = 1_000;

/** Which lines to follow. */
export interface FollowedLog {
  readonly runId: string;
  readonly text?: string | undefined;
  readonly level?: ("debug" | "info" | "warn" | "error" | "output")[] | undefined;
}

/** What following a log takes. */
export interface LogSourceParts {
  readonly scheduler: ActingScheduler;
  readonly clock: Clock;
  readonly log: FollowedLog;
}

/** The lines of a run's log as they are written, at most two messages a second, and its verdict at the end. */
export class LogSource implements StreamSource {
  readonly #parts: LogSourceParts;
  readonly #ended = new AbortController();
  readonly #onEnd: () => void;
  readonly #onNews: () => void;
  #after: string | undefined;
  #messages: Uint8Array[] = [];
  #isOver = false;

  constructor(
    parts: LogSourceParts,
    on: { readonly onNews: () => void; readonly onEnd: () => void },
    after: string | undefined,
  ) {
    this.#parts = parts;
    this.#onNews = on.onNews;
    this.#onEnd = on.onEnd;
    this.#after = after;
  }

  /** Reads what there is, and goes on unless that is all. @throws `RUN_NOT_FOUND` */
  async start(): Promise<void> {
    await this.#look();
    if (!this.#isOver) void this.#follow();
  }

  /** Whether the run has ended and there is nothing to send but that. */
  get isNothing(): boolean {
    return this.#isOver && this.#messages.length <= 1;
  }

  pump(stream: SseStream): void {
    while (stream.hasRoom) {
      const next = this.#messages.shift();
      if (!next) break;
      stream.write(next);
    }
    if (this.#messages.length === 0 && this.#isOver) this.#onEnd();
  }

  position(): string | undefined {
    return this.#after;
  }

  close(): void {
    this.#ended.abort();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ended;
    try {
      while (!signal.aborted && !this.#isOver) {
        await sleep(this.#parts.clock, LOOK_MS, signal, "look");
        // Nothing more is read before the client has taken what was.
        if (!signal.aborted && this.#messages.length === 0) await this.#look();
        if (!signal.aborted) this.#onNews();
      }
    } catch {
      // The client comes back, and hears what is wrong.
      this.#onEnd();
    }
  }

  async #look(): Promise<void> {
    const { scheduler, log } = this.#parts;
    const { runId, ...filter } = log;
    // In this order, because a run's log is stored before its verdict.
    const { verdict } = await scheduler.getRun(runId);
    const page = await scheduler.getLogs(runId, { ...filter, after: this.#after, limit: PAGE });
    this.#after = page.cursor;
    if (page.lines.length > 0) {
      const json = JSON.stringify({ lines: asJson(page.lines) });
      this.#messages.push(toSseBytes({ event: "lines", id: page.cursor, json }));
    }
    if (!page.isEnd || !isVerdict(verdict)) return;
    const json = JSON.stringify({ verdict });
    this.#messages.push(toSseBytes({ event: "end", id: page.cursor, json }));
    this.#isOver = true;
  }
}
