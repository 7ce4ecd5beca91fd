import type { EpochMs } from "../../core/clock.ts";
import type { MembersPort, WorkerRecord } from "../port/members.ts";
import { asSent, copyOf } from "./as-sent.ts";
import type { MemoryLink } from "./memory-link.ts";

interface Lease {
  readonly owner: string;
  readonly endsAt: EpochMs;
}

interface Listed {
  readonly record: WorkerRecord;
  readonly endsAt: EpochMs;
}

/** The fleet's workers and leases in memory. */
export class MemoryMembers implements MembersPort {
  readonly #link: MemoryLink;
  readonly #leases = new Map<string, Lease>();
  readonly #workers = new Map<string, Listed>();

  constructor(link: MemoryLink) {
    this.#link = link;
  }

  async holdLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    this.#link.ready();
    // By the machine's own clock, even where a test injects another for decisions.
    const now = this.#link.options.clock.now();
    for (const [other, { endsAt }] of this.#leases) if (endsAt <= now) this.#leases.delete(other);
    const holder = this.#leases.get(name);
    if (holder && holder.owner !== owner) return false;
    this.#leases.set(name, { owner, endsAt: now + Math.round(ttlMs) });
    return true;
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    await this.holdLease(name, owner, 0);
  }

  async heartbeat(record: WorkerRecord, ttlMs: number): Promise<void> {
    this.#link.ready();
    const endsAt = Math.round(record.seenAt + ttlMs);
    this.#workers.set(record.id, { record: asSent(record), endsAt });
  }

  async forget(workerId: string): Promise<void> {
    this.#link.ready();
    this.#workers.delete(workerId);
  }

  /** The records that have not expired; deletes those that have. */
  async list(): Promise<WorkerRecord[]> {
    this.#link.ready();
    const now = this.#link.now();
    for (const [id, { endsAt }] of this.#workers) if (endsAt < now) this.#workers.delete(id);
    return copyOf([...this.#workers.values()].map(({ record }) => record));
  }
}
