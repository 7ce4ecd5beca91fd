import { Buffer } from "node:buffer";
import type { Clock } from "../../core/clock.ts";

/** Bytes that wait in this process for a client; no more is made before it has read some. */
const BUFFERED = 65_536;
const HEARTBEAT_MS = 15_000;
/** A client that reads nothing for so long is gone. */
const STUCK_MS = 60_000;

/** What a stream sends. */
export interface StreamSource {
  /** Writes what there is, while the stream has room. */
  pump(stream: SseStream): void;
  /** Where a client stands that has everything so far; sent now and then, so that it need not begin far back. */
  position(): string | undefined;
  /** The stream is over. */
  close(): void;
}

/** A message to a client. */
export interface SseMessage {
  /** Its type; absent: `message`. */
  readonly event?: string;
  readonly id?: string | undefined;
  /** Its data. JSON has no line breaks outside of escapes. */
  readonly json: string;
}

/** A message as bytes. */
export function toSseBytes({ event, id, json }: SseMessage): Uint8Array {
  const head = `${event === undefined ? "" : `event: ${event}\n`}${id === undefined ? "" : `id: ${id}\n`}`;
  return Buffer.from(`${head}data: ${json}\n\n`);
}

/** A stream of server-sent events to one client: sends no faster than the client reads. */
export class SseStream {
  /** The body of the answer. */
  readonly body: ReadableStream<Uint8Array>;
  readonly #clock: Clock;
  readonly #source: StreamSource;
  readonly #onClose: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #wroteAt: number;
  #blockedSince: number | undefined;
  #isPumping = false;
  #isOver = false;

  constructor(clock: Clock, source: StreamSource, onClose: () => void) {
    this.#clock = clock;
    this.#source = source;
    this.#onClose = onClose;
    this.#wroteAt = clock.elapsed();
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          this.#blockedSince = undefined;
          this.pump();
        },
        cancel: () => this.#end(),
      },
      { highWaterMark: BUFFERED, size: (bytes) => bytes.byteLength },
    );
  }

  /** Whether the client has read enough for more to be made. */
  get hasRoom(): boolean {
    return !this.#isOver && (this.#controller?.desiredSize ?? 0) > 0;
  }

  /** Lets the source write. */
  pump(): void {
    // Writing may ask for more at once.
    if (this.#isPumping || this.#isOver) return;
    this.#isPumping = true;
    try {
      this.#source.pump(this);
    } finally {
      this.#isPumping = false;
    }
  }

  write(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#controller?.enqueue(bytes);
    this.#wroteAt = this.#clock.elapsed();
    if (!this.hasRoom) this.#blockedSince ??= this.#wroteAt;
  }

  /** To be called about twice a second. */
  tick(now: number): void {
    if (this.#blockedSince !== undefined && now - this.#blockedSince > STUCK_MS) {
      this.#controller?.error(new Error("the client reads nothing"));
      this.#end();
      return;
    }
    this.pump();
    if (now - this.#wroteAt < HEARTBEAT_MS || !this.hasRoom) return;
    const id = this.#source.position();
    // An id without data moves the client's position and is no event.
    this.write(Buffer.from(id === undefined ? ": \n\n" : `: \nid: ${id}\n\n`));
  }

  /** Ends the stream after what was written. */
  close(): void {
    if (this.#isOver) return;
    this.#controller?.close();
    this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#source.close();
    this.#onClose();
  }
}
