import type { Actor } from "../../jobs/actor.ts";
import { addBackfill, backfillState, changeBackfill } from "../../jobs/decide.ts";
import type * as Port from "../port/backfills.ts";
import type { Scoped } from "../../jobs/scope.ts";
import { asSent, copyOf } from "./as-sent.ts";
import type { MemoryLink } from "./memory-link.ts";

/** Backfills in memory. */
export class MemoryBackfills implements Port.BackfillsPort {
  readonly #link: MemoryLink;

  constructor(link: MemoryLink) {
    this.#link = link;
  }

  async add(plan: Port.BackfillPlan): Promise<"added" | "conflict" | "missing"> {
    return this.#link.step((step) => addBackfill(step, asSent(plan)));
  }

  async change(
    jobId: string,
    change: Port.BackfillChange,
    by: Actor,
    scope?: Scoped["scope"],
  ): Promise<"changed" | "missing"> {
    return this.#link.step((step) => changeBackfill(step, jobId, change, asSent(by), scope));
  }

  async read(jobId: string): Promise<Port.BackfillState | undefined> {
    return copyOf(backfillState(this.#link.ready().state, jobId));
  }
}
