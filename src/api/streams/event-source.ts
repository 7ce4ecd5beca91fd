import type { Clock } from "../../core/clock.ts";
import type { EventFollower, TakenEvents } from "../../events/event-follower.ts";
import type { KeptEvent } from "../../events/event-ring.ts";
import type { EventMessages } from "./event-messages.ts";
import { type SseStream, type StreamSource, toSseBytes } from "./sse-stream.ts";

/** More events a second than this are merged. */
const MOST_SINGLY = 10;
/** Merged ones come at most so often. */
const MERGE_MS = 500;
/** What one message holds: as much as a client that does not read keeps here. */
const MOST_MERGED = 1_000;
const MOST_CHARS = 131_072;

/** The events of a follower as messages: one each while they are few, together when they are many. */
export class EventSource implements StreamSource {
  readonly #clock: Clock;
  readonly #messages: EventMessages;
  readonly #follower: EventFollower;
  #position: string;
  /** When this second began, and how many messages it has had. */
  #secondAt: number;
  #inSecond = 0;
  /** While merging: when the next message may go. */
  #nextAt: number | undefined;

  constructor(clock: Clock, messages: EventMessages, follower: EventFollower, position: string) {
    this.#clock = clock;
    this.#messages = messages;
    this.#follower = follower;
    this.#position = position;
    this.#secondAt = clock.elapsed();
  }

  pump(stream: SseStream): void {
    while (stream.hasRoom) {
      const now = this.#clock.elapsed();
      if (this.#nextAt !== undefined && now < this.#nextAt) return;
      const taken = this.#follower.take(MOST_MERGED, MOST_CHARS);
      this.#position = taken.cursor;
      if (taken.isLost) this.#tellLost(stream, taken);
      this.#send(stream, taken.events, now);
      if (!taken.hasMore && taken.events.length === 0) return;
    }
  }

  position(): string {
    return this.#messages.ids.seal(this.#position);
  }

  close(): void {
    this.#follower.close();
  }

  #tellLost(stream: SseStream, { cursor }: TakenEvents): void {
    const reason = "Events were lost: they are gone, or came faster than they were read.";
    const id = this.#messages.ids.seal(cursor);
    stream.write(toSseBytes({ event: "resync", id, json: JSON.stringify({ reason }) }));
  }

  #send(stream: SseStream, events: readonly KeptEvent[], now: number): void {
    if (now - this.#secondAt >= 1_000) {
      this.#secondAt = now;
      this.#inSecond = 0;
    }
    this.#inSecond += events.length;
    const isBusy = this.#inSecond > MOST_SINGLY;
    this.#nextAt = isBusy ? now + MERGE_MS : undefined;
    if (isBusy && events.length > 1) stream.write(this.#messages.ofMany(events));
    else for (const event of events) stream.write(this.#messages.ofOne(event));
  }
}
