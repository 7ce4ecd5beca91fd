import { accessSync, constants, mkdirSync } from "node:fs";
import { createStream, type RotatingFileStream } from "rotating-file-stream";
import type { CancelTimer, Clock } from "../../core/clock.ts";
import type { LogSink } from "./daemon-log.ts";

/** Where log files are, and how many. */
export interface LogFilesOptions {
  /** Made if it is not there, for this user alone. */
  readonly folder: string;
  /** How large a file becomes before the next begins: `10M`. It also ends at midnight, UTC. */
  readonly maxSize: string;
  /** How many files are kept besides the present one. */
  readonly keep: number;
  readonly clock: Clock;
  /** Is told, once for each time, that the files can't be written, and that they can again. */
  readonly onTrouble: (message: string) => void;
}

/** The present one. */
const FILE = "cronduit.log";
/** What may wait for a slow disk; lines beyond are dropped and counted. */
const MAX_WAITING_BYTES = 8 * 1_048_576;
const TRY_AGAIN_MS = 60_000;

/**
 * Log files that follow each other by size and day. A disk that is full or gone ends nothing: lines are dropped meanwhile, and that is
 * told.
 */
export class LogFiles implements LogSink {
  readonly #options: LogFilesOptions;
  #stream: RotatingFileStream | undefined;
  #dropped = 0;
  #cancelTry: CancelTimer = () => undefined;
  #isClosed = false;

  /** @throws as the file system, if the folder can't be made or written */
  constructor(options: LogFilesOptions) {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    accessSync(options.folder, constants.W_OK | constants.X_OK);
    this.#options = options;
    this.#stream = this.#open();
  }

  write(line: string): void {
    const stream = this.#stream;
    if (!stream || stream.writableLength > MAX_WAITING_BYTES) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) {
      this.#options.onTrouble(`${this.#dropped} lines could not be written to the log files.`);
      this.#dropped = 0;
    }
    stream.write(`${line}\n`);
  }

  /** Waits until what was written is in the file. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTry();
    const stream = this.#stream;
    this.#stream = undefined;
    if (!stream) return;
    await new Promise<void>((resolve) => {
      stream.once("error", () => resolve());
      stream.end(() => resolve());
    });
  }

  #open(): RotatingFileStream {
    const { folder, maxSize, keep } = this.#options;
    const stream = createStream(nameAt, {
      path: folder,
      size: maxSize,
      interval: "1d",
      intervalUTC: true,
      maxFiles: keep,
      mode: 0o600,
    });
    stream.on("error", (error: Error) => this.#failed(stream, error));
    stream.on("warning", (error: Error) => this.#options.onTrouble(troubleOf(folder, error)));
    return stream;
  }

  #failed(stream: RotatingFileStream, error: Error): void {
    if (this.#isClosed || this.#stream !== stream) return;
    const { folder, clock, onTrouble } = this.#options;
    this.#stream = undefined;
    onTrouble(`${troubleOf(folder, error)} Trying again in a minute.`);
    this.#cancelTry = clock.after(TRY_AGAIN_MS, () => {
      if (!this.#isClosed) this.#stream = this.#open();
    });
  }
}

function troubleOf(folder: string, { message }: Error): string {
  return `The log files in ${folder} can't be written: ${message}.`;
}

/** `cronduit-2026-11-30-1.log`; the present one has no date. */
function nameAt(time: number | Date | null, index = 1): string {
  if (time === null) return FILE;
  return `cronduit-${new Date(time).toISOString().slice(0, 10)}-${index}.log`;
}
