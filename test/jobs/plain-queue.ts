import type { QueueJobs, QueueJobState } from "../../src/jobs/decide.ts";

interface Entry {
  readonly pipeline: string;
  readonly isLast: boolean;
  dueAt: number;
  state: QueueJobState;
}

/** Queue jobs in a list, taken by hand; nothing is due before its time. */
export class PlainQueue implements QueueJobs {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  copy(): PlainQueue {
    const copy = new PlainQueue(this.#now);
    for (const [id, entry] of this.#entries) copy.#entries.set(id, { ...entry });
    return copy;
  }

  /** What a worker would get next. */
  next(): string | undefined {
    const due = [...this.#entries]
      .filter(([, { state, dueAt }]) => state !== "active" && dueAt <= this.#now())
      .toSorted(([, a], [, b]) => Number(a.isLast) - Number(b.isLast) || a.dueAt - b.dueAt);
    return due[0]?.[0];
  }

  take(id: string): void {
    const entry = this.#entries.get(id);
    if (entry) entry.state = "active";
  }

  putBack(id: string, dueAt: number): void {
    const entry = this.#entries.get(id);
    if (entry) Object.assign(entry, { state: "delayed", dueAt });
  }

  remove(id: string): void {
    this.#entries.delete(id);
  }

  add(id: string, pipeline: string, dueAt: number): void {
    this.#put(id, { pipeline, dueAt, isLast: false });
  }

  addLast(id: string, pipeline: string, dueAt: number): void {
    this.#put(id, { pipeline, dueAt, isLast: true });
  }

  drop(id: string): void {
    if (this.stateOf(id) !== "active") this.#entries.delete(id);
  }

  stateOf(id: string): QueueJobState | undefined {
    return this.#entries.get(id)?.state;
  }

  isHeld(id: string): boolean {
    return this.stateOf(id) === "active";
  }

  end(id: string): boolean {
    return this.isHeld(id) && this.#entries.delete(id);
  }

  #put(id: string, entry: Omit<Entry, "state">): void {
    if (this.#entries.has(id)) return;
    this.#entries.set(id, { ...entry, state: entry.dueAt > this.#now() ? "delayed" : "waiting" });
  }
}
