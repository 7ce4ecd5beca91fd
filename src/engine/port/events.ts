import type { StoredEvent } from "../../jobs/event.ts";

/** The event log. Its cursors are opaque; `0-0` stands before the first event. */
export interface EventsPort {
  append(events: readonly StoredEvent[]): Promise<void>;
  /** The position after the newest event. */
  latestCursor(): Promise<string>;
  /** Waits up to `waitMs` for events after `cursor`. Each `reader` waits on a connection of its own. */
  read(reader: string, cursor: string, waitMs: number): Promise<EventBatch>;
  /** Closes a reader's connection, and ends its wait. */
  endReader(reader: string): void;
  /**
   * Whether a position is behind another one, in the log of any queue. Costs nothing.
   * @returns `undefined` for what is no position in this log
   */
  isAhead(cursor: string, of: string): boolean | undefined;
  /** Where a named listener stopped. */
  loadCursor(listener: string): Promise<string | undefined>;
  saveCursor(listener: string, cursor: string): Promise<void>;
}

/** An event, and where it stands. */
export interface ReadEvent {
  /** Where to read on after it. */
  readonly cursor: string;
  /** Its own place, in the log of its queue alone. Absent if that is the cursor. */
  readonly place?: string;
  readonly event: StoredEvent;
}

/** Events read from the log. */
export interface EventBatch {
  readonly events: readonly ReadEvent[];
  /** Where to read on. */
  readonly cursor: string;
  /** Whether events after the given cursor were trimmed before they could be read. */
  readonly lost: boolean;
}
