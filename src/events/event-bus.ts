import { type Clock, sleep, within } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { Engine, EventBatch } from "../engine/port/engine.ts";
import type { Actor } from "../jobs/actor.ts";
import { isVisible, type Scope } from "../jobs/scope.ts";
import { EVENT_BITS, type EventName, type StoredEvent } from "../jobs/event.ts";
import type { ListenerSettings } from "./listener-input.ts";
import { type SchedulerEvent, toSchedulerEvent } from "./scheduler-event.ts";

/** Called with each event that matches its mask. Errors are logged; a named listener's returned promise is awaited. */
export type EventHandler<N extends EventName = EventName> = (event: SchedulerEvent<N>) => unknown;

/** How a listener receives events. */
export interface ListenerOptions {
  /**
   * Makes the listener durable: it continues where the listener with this name stopped, in any process, and receives
   * each event at least once. If several processes have a listener with the same name, one at a time receives events.
   * @default none: receives events from now on, in this process, as long as it lives
   */
  readonly name?: string;
  /**
   * `all`: events of all processes. `local`: only events of runs on this process's own worker.
   * @default "all"
   */
  readonly scope?: "all" | "local";
}

interface Listener {
  readonly handler: EventHandler;
  readonly mask: number;
  readonly options: ListenerSettings;
  /** Whose events it receives. */
  readonly sees: Scope;
  readonly ended: AbortController;
}

/** Who listens, and whose events it may see. */
interface ListenerRights {
  readonly by: Actor;
  readonly sees: Scope;
}

const WAIT_MS = 5_000;
const RETRY_MS = 500;
const LEASE_MS = 10_000;
/** A named listener that takes longer is abandoned, and its next events are delivered. */
const HANDLER_LIMIT_MS = 60_000;

/** Delivers events of the whole fleet to the listeners of this process. */
export class EventBus {
  readonly #engine: Pick<Engine, "events" | "members">;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #owner: string;
  readonly #localWorker: () => string | undefined;
  readonly #around: <T>(call: () => T) => T;
  readonly #listeners = new Map<EventHandler<never>, Listener>();
  readonly #loops = new Set<Promise<void>>();
  readonly #ended = new AbortController();
  #isReading = false;
  #startCursor: string | undefined;

  constructor(parts: {
    engine: Pick<Engine, "events" | "members">;
    clock: Clock;
    logger: Logger;
    /** Identifies this process as the holder of leases. */
    owner: string;
    /** The id of this process's own worker. */
    localWorker: () => string | undefined;
    /** Called around each call of a handler. @default nothing */
    around?: (<T>(call: () => T) => T) | undefined;
  }) {
    this.#engine = parts.engine;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
    this.#owner = parts.owner;
    this.#localWorker = parts.localWorker;
    this.#around = parts.around ?? ((call) => call());
  }

  /** Fixes the position from which existing listeners receive events, and starts to read. */
  async start(): Promise<void> {
    const cursor = await this.#engine.events.latestCursor();
    this.#startCursor = cursor;
    for (const listener of this.#listeners.values()) this.#listen(listener, async () => cursor);
  }

  /**
   * Adds a listener whose mask and options are validated; one with the same handler is replaced.
   * @param rights Whose events it receives. The name of a listener with limited rights is its actor's own.
   */
  add(
    handler: EventHandler,
    mask: number,
    { name, ...options }: ListenerSettings,
    { sees, by }: ListenerRights,
  ): void {
    this.remove(handler);
    const own = name === undefined || sees === "all" ? name : `${by.kind}:${by.id}/${name}`;
    const settings = { ...options, ...(own !== undefined && { name: own }) };
    const ended = new AbortController();
    const listener: Listener = { handler, mask, options: settings, sees, ended };
    this.#listeners.set(handler, listener);
    const startCursor = this.#startCursor;
    if (startCursor === undefined) return;
    this.#listen(listener, () =>
      // Requested before anything that the caller does next, so that all of that is received.
      this.#engine.events.latestCursor().catch(() => startCursor),
    );
  }

  remove(handler: EventHandler<never>): void {
    this.#listeners.get(handler)?.ended.abort();
    this.#listeners.delete(handler);
  }

  /** Ends all reading, after delivering the events that were read. */
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

  /** A separate reader for each named listener, which continues from the stored position. */
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
          await sleep(this.#clock, LEASE_MS / 4, signal, "upkeep");
          continue;
        }
        cursor ??= await this.#storedCursor(name, from);
        if (signal.aborted) break;
        const batch = await this.#read(reader, cursor, signal);
        if (!batch || signal.aborted) continue;
        // The position stays lost until there is something to read after it.
        if (batch.lost && toldLostAfter !== cursor) {
          await this.#call(listener, lostEvent(cursor, this.#clock.now()));
          toldLostAfter = cursor;
        }
        if (!(await this.#deliver(listener, reader, batch))) {
          cursor = undefined;
          continue;
        }
        // Saved after the handlers return: if the process dies before that, these events are delivered again.
        if (batch.cursor !== cursor) await this.#engine.events.saveCursor(name, batch.cursor);
        cursor = batch.cursor;
      } catch (error) {
        this.#logger.warn("a named listener can't read events", { listener: name, error });
        await sleep(this.#clock, RETRY_MS, signal);
      }
    }
    await this.#engine.members.releaseLease(reader, this.#owner).catch(() => undefined);
  }

  /** Delivers a batch, keeping the lease while handlers run. @returns Whether the lease is still held. */
  async #deliver(listener: Listener, lease: string, batch: EventBatch): Promise<boolean> {
    const renewMs = LEASE_MS / 4;
    let heldAt = this.#clock.elapsed();
    for (const { event } of batch.events) {
      const seen = this.#seen(event);
      if (!seen || !this.#isWanted(listener, seen)) continue;
      const call = this.#call(listener, seen).then(() => true);
      for (let isDone = false; !isDone;) {
        isDone = (await within(this.#clock, renewMs, call, "upkeep")) ?? false;
        if (this.#clock.elapsed() - heldAt < renewMs) continue;
        heldAt = this.#clock.elapsed();
        // If the server doesn't answer, nobody else can take the lease either.
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
    // Stored immediately, so that events before the first delivery aren't lost in a crash.
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
      this.#logger.warn("events can't be read", { error });
      await sleep(this.#clock, RETRY_MS, signal);
      return undefined;
    }
  }

  /** An unreadable event is logged and skipped, so that the ones after it are delivered. */
  #seen(event: StoredEvent): SchedulerEvent | undefined {
    try {
      return toSchedulerEvent(event);
    } catch (error) {
      this.#logger.warn("a stored event can't be read and was skipped", { error });
      return undefined;
    }
  }

  #isWanted({ mask, options, sees }: Listener, event: SchedulerEvent): boolean {
    if ((event.code & mask) === 0 || !isVisible(sees, event.owner)) return false;
    return (
      options.scope !== "local" ||
      (event.worker !== undefined && event.worker === this.#localWorker())
    );
  }

  /** A listener that throws or hangs affects nobody else. */
  async #call({ handler, ended }: Listener, event: SchedulerEvent): Promise<void> {
    if (ended.signal.aborted) return;
    try {
      await this.#around(() =>
        within(this.#clock, HANDLER_LIMIT_MS, Promise.resolve(handler(event)), "limit"),
      );
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
