import { type Clock, sleep, within } from "../core/clock.ts";
import { shown } from "../core/shown.ts";
import { CronduitError } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";
import type { Engine, EventBatch } from "../engine/port/engine.ts";
import { EVENT_BITS, type StoredEvent } from "../jobs/event.ts";
import { type SchedulerEvent, toSchedulerEvent } from "./event.ts";

/** Called with each event that its mask lets through. What it throws is logged; what it returns is awaited if named. */
export type EventHandler = (event: SchedulerEvent) => unknown;

/** How a listener hears. */
export interface ListenerOptions {
  /**
   * Makes the listener durable: it goes on where the listener of this name stopped, in whatever process, and hears
   * each event at least once. Of several processes with a listener of one name, one hears at a time.
   * @default none: hears from now on, in this process, while it lives
   */
  readonly name?: string;
  /**
   * `all`: events of all processes. `local`: only those of runs of this process's own worker, and of no other kind.
   * @default "all"
   */
  readonly scope?: "all" | "local";
}

interface Listener {
  readonly handler: EventHandler;
  readonly mask: number;
  readonly options: ListenerOptions;
  readonly ended: AbortController;
}

const WAIT_MS = 5_000;
const RETRY_MS = 500;
const LEASE_MS = 10_000;
/** A named listener that has not returned by then is left behind; its events go on. */
const HANDLER_LIMIT_MS = 60_000;
const LISTENER_NAME = /^[\w.:@-]{1,64}$/;

/** Brings events of the whole fleet to the listeners of this process. */
export class EventBus {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #owner: string;
  readonly #localWorker: () => string | undefined;
  readonly #listeners = new Map<EventHandler, Listener>();
  readonly #loops = new Set<Promise<void>>();
  readonly #ended = new AbortController();
  #isReading = false;
  #startCursor: string | undefined;

  constructor(parts: {
    engine: Engine;
    clock: Clock;
    logger: Logger;
    /** Names this process where leases are held. */
    owner: string;
    /** The id of this process's own worker. */
    localWorker: () => string | undefined;
  }) {
    this.#engine = parts.engine;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
    this.#owner = parts.owner;
    this.#localWorker = parts.localWorker;
  }

  /** Fixes the place from which listeners that are already there hear, and begins to read. */
  async start(): Promise<void> {
    const cursor = await this.#engine.events.latestCursor();
    this.#startCursor = cursor;
    for (const listener of this.#listeners.values()) this.#listen(listener, async () => cursor);
  }

  /** @throws {@link CronduitError} `INVALID_OPTION` if the mask or the name is none. */
  add(handler: EventHandler, mask: number, options: ListenerOptions): void {
    if (typeof handler !== "function") {
      throw new CronduitError(
        "INVALID_OPTION",
        `addListener: the handler must be a function, not ${shown(handler)}.`,
        {
          data: { path: "handler" },
        },
      );
    }
    if (!Number.isInteger(mask) || mask < 0 || mask > 2 ** 30 - 1) {
      throw new CronduitError(
        "INVALID_OPTION",
        `addListener, mask: ${shown(mask)} is no sum of EVENT_… bits, such as EVENT_JOB_ERROR | EVENT_JOB_MISSED.`,
        {
          data: { path: "mask" },
        },
      );
    }
    if (
      options.name !== undefined &&
      (typeof options.name !== "string" || !LISTENER_NAME.test(options.name))
    ) {
      throw new CronduitError(
        "INVALID_OPTION",
        `addListener, option "name": ${shown(options.name)} is not allowed. Allowed: a text of 1 to 64 letters, digits and _ . : @ -; or leave it out.`,
        {
          data: { path: "name" },
        },
      );
    }
    this.remove(handler);
    const listener: Listener = { handler, mask, options, ended: new AbortController() };
    this.#listeners.set(handler, listener);
    const startCursor = this.#startCursor;
    if (startCursor === undefined) return;
    this.#listen(listener, () =>
      // Asked before anything that the caller does next, so that all of that is heard.
      this.#engine.events.latestCursor().catch(() => startCursor),
    );
  }

  remove(handler: EventHandler): void {
    this.#listeners.get(handler)?.ended.abort();
    this.#listeners.delete(handler);
  }

  /** Ends all reading. Events that were read are delivered first. */
  async stop(): Promise<void> {
    this.#ended.abort();
    for (const listener of this.#listeners.values()) listener.ended.abort();
    await within(this.#clock, 2_000, Promise.allSettled(this.#loops));
  }

  #listen(listener: Listener, now: () => Promise<string>): void {
    if (listener.options.name !== undefined) {
      this.#own(this.#readNamed(listener, listener.options.name, now()));
    } else if (!this.#isReading) {
      this.#isReading = true;
      this.#own(this.#readShared(now()));
    }
  }

  #own(loop: Promise<void>): void {
    const owned = loop.finally(() => this.#loops.delete(owned));
    this.#loops.add(owned);
  }

  /** One reader for all listeners without a name. */
  async #readShared(from: Promise<string>): Promise<void> {
    const { signal } = this.#ended;
    signal.addEventListener("abort", () => this.#engine.events.endReader("shared"), { once: true });
    let cursor = await from;
    while (!signal.aborted) {
      const batch = await this.#read("shared", cursor, signal);
      if (!batch) continue;
      for (const { event } of batch.events) {
        const seen = this.#seen(event);
        if (!seen) continue;
        for (const listener of this.#listeners.values()) {
          if (listener.options.name === undefined && this.#isWanted(listener, seen))
            void this.#call(listener, seen);
        }
      }
      cursor = batch.cursor;
    }
  }

  /** A reader of its own for each named listener, which goes on from the stored place. */
  async #readNamed(listener: Listener, name: string, from: Promise<string>): Promise<void> {
    const { signal } = listener.ended;
    const reader = `listener:${name}`;
    signal.addEventListener("abort", () => this.#engine.events.endReader(reader), { once: true });
    let cursor: string | undefined;
    let toldLostAfter: string | undefined;
    while (!signal.aborted) {
      try {
        if (!(await this.#engine.members.holdLease(reader, this.#owner, LEASE_MS))) {
          cursor = undefined;
          await sleep(this.#clock, LEASE_MS / 4, signal);
          continue;
        }
        cursor ??= await this.#storedCursor(name, from);
        if (signal.aborted) break;
        const batch = await this.#read(reader, cursor, signal);
        if (!batch || signal.aborted) continue;
        // The place stays lost until there is something to read behind it.
        if (batch.lost && toldLostAfter !== cursor) {
          await this.#call(listener, lostEvent(cursor, this.#clock.now()));
          toldLostAfter = cursor;
        }
        if (!(await this.#deliver(listener, reader, batch))) {
          cursor = undefined;
          continue;
        }
        // Saved after the handlers returned: a process that dies before hears these events again.
        if (batch.cursor !== cursor) await this.#engine.events.saveCursor(name, batch.cursor);
        cursor = batch.cursor;
      } catch (error) {
        this.#logger.warn("named listener", { listener: name, error });
        await sleep(this.#clock, RETRY_MS, signal);
      }
    }
    await this.#engine.members.releaseLease(reader, this.#owner).catch(() => undefined);
  }

  /** Hands on a batch, and keeps the lease for as long as handlers take. @returns Whether it is still held. */
  async #deliver(listener: Listener, lease: string, batch: EventBatch): Promise<boolean> {
    const renewMs = LEASE_MS / 4;
    let heldAt = this.#clock.elapsed();
    for (const { event } of batch.events) {
      const seen = this.#seen(event);
      if (!seen || !this.#isWanted(listener, seen)) continue;
      const call = this.#call(listener, seen).then(() => true);
      for (let isDone = false; !isDone;) {
        isDone = (await within(this.#clock, renewMs, call)) ?? false;
        if (this.#clock.elapsed() - heldAt < renewMs) continue;
        heldAt = this.#clock.elapsed();
        // Without an answer nobody else can take it either.
        const isHeld = await this.#engine.members
          .holdLease(lease, this.#owner, LEASE_MS)
          .catch(() => true);
        if (isHeld) continue;
        await call;
        return false;
      }
    }
    return true;
  }

  async #storedCursor(name: string, from: Promise<string>): Promise<string> {
    const stored = await this.#engine.events.loadCursor(name);
    if (stored !== undefined) return stored;
    // Stored at once, so that what happens before the first event is heard is not missed after a crash.
    const cursor = await from;
    await this.#engine.events.saveCursor(name, cursor);
    return cursor;
  }

  async #read(
    reader: string,
    cursor: string,
    signal: AbortSignal,
  ): Promise<EventBatch | undefined> {
    try {
      return await this.#engine.events.read(reader, cursor, WAIT_MS);
    } catch (error) {
      if (signal.aborted) return undefined;
      this.#logger.warn("reading events", { error });
      await sleep(this.#clock, RETRY_MS, signal);
      return undefined;
    }
  }

  /** One that can't be read is told and passed over: those behind it are to be heard. */
  #seen(event: StoredEvent): SchedulerEvent | undefined {
    try {
      return toSchedulerEvent(event);
    } catch (error) {
      this.#logger.warn("a stored event can't be read and is left out", { error });
      return undefined;
    }
  }

  #isWanted({ mask, options }: Listener, event: SchedulerEvent): boolean {
    if ((event.code & mask) === 0) return false;
    return (
      options.scope !== "local" ||
      (event.worker !== undefined && event.worker === this.#localWorker())
    );
  }

  /** A listener that throws or hangs harms nobody. */
  async #call({ handler, ended }: Listener, event: SchedulerEvent): Promise<void> {
    if (ended.signal.aborted) return;
    try {
      await within(this.#clock, HANDLER_LIMIT_MS, Promise.resolve(handler(event)));
    } catch (error) {
      this.#logger.error("a listener failed", { event: event.name, error });
    }
  }
}

function lostEvent(cursor: string, now: number): SchedulerEvent {
  return {
    code: EVENT_BITS.EVENTS_LOST,
    name: "EVENTS_LOST",
    time: new Date(now),
    reason: `events after ${cursor} were trimmed before this listener came back; read the ledger instead`,
  };
}
