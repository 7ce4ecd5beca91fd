import type { KeptEvent } from "../../events/event-ring.ts";
import { toEventAnswer } from "./event-answer.ts";
import type { SealedIds } from "./event-ids.ts";
import { toSseBytes } from "./sse-stream.ts";

/** Events that are kept as text; the oldest go. */
const MOST_KEPT = 2_000;

interface Written {
  readonly json: string;
  readonly id: string;
}

interface Batch {
  readonly events: readonly KeptEvent[];
  readonly bytes: Uint8Array;
}

/**
 * Events as messages, made once for all streams of a process that send them: a thousand of them send the same. An event has one id
 * here, which only those get who see it; that of a place between events is another one each time.
 */
export class EventMessages {
  readonly ids: SealedIds;
  readonly #written = new Map<KeptEvent, Written>();
  readonly #single = new Map<KeptEvent, Uint8Array>();
  #batch: Batch | undefined;

  constructor(ids: SealedIds) {
    this.ids = ids;
  }

  /** A message of one event. */
  ofOne(event: KeptEvent): Uint8Array {
    const known = this.#single.get(event);
    if (known) return known;
    const { id, json } = this.#write(event);
    const bytes = toSseBytes({ id, json });
    keep(this.#single, event, bytes);
    return bytes;
  }

  /** A message of several. */
  ofMany(events: readonly KeptEvent[]): Uint8Array {
    // Event by event: between the same two, somebody else may see others.
    if (this.#batch && isSame(this.#batch.events, events)) return this.#batch.bytes;
    const written = events.map((event) => this.#write(event));
    const json = `{"events":[${written.map((one) => one.json).join(",")}]}`;
    const bytes = toSseBytes({ event: "batch", id: written.at(-1)?.id, json });
    this.#batch = { events, bytes };
    return bytes;
  }

  #write(kept: KeptEvent): Written {
    const known = this.#written.get(kept);
    if (known) return known;
    const json = JSON.stringify(toEventAnswer(kept.event));
    const written = { json, id: this.ids.seal(kept.cursor) };
    keep(this.#written, kept, written);
    return written;
  }
}

function keep<T>(all: Map<KeptEvent, T>, event: KeptEvent, value: T): void {
  const [oldest] = all.keys();
  if (all.size >= MOST_KEPT && oldest) all.delete(oldest);
  all.set(event, value);
}

function isSame(some: readonly KeptEvent[], others: readonly KeptEvent[]): boolean {
  return some.length === others.length && some.every((event, i) => event === others[i]);
}
