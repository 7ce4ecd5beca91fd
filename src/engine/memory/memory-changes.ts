import { noteChange, readChanges, readRevisions } from "../../jobs/decide.ts";
import { CHANGE_LISTS } from "../../jobs/noted-change.ts";
import type { Scope } from "../../jobs/scope.ts";
import { removedPage } from "../codec/removed-jobs.ts";
import { listPage, mergeChanges } from "../codec/merge-changes.ts";
import type * as Port from "../port/changes.ts";
import { asSent, copyOf } from "./as-sent.ts";
import type { MemoryLink } from "./memory-link.ts";

/** What was changed, in memory. */
export class MemoryChanges implements Port.ChangesPort {
  readonly #link: MemoryLink;

  constructor(link: MemoryLink) {
    this.#link = link;
  }

  async read(
    scope: Scope,
    cursor: Port.ChangesCursor | undefined,
    limit: number,
  ): Promise<Port.ChangesPage> {
    const { state } = this.#link.ready();
    const pages = CHANGE_LISTS.map((list) => {
      const before = cursor?.[list];
      const { last, changes } = readChanges(state, list, before, limit);
      return listPage(list, last, before, copyOf(changes));
    });
    return mergeChanges(scope, pages, limit);
  }

  async readRevisions(scope: Scope, jobId: string): Promise<Port.JobRevisions> {
    return copyOf(readRevisions(this.#link.ready().state, scope, jobId, this.#link.now()));
  }

  async listRemoved(cursor: string | undefined, limit: number): Promise<Port.RemovedJobs> {
    const { jobs, ledgers } = this.#link.ready().state;
    const now = this.#link.now();
    const gone = [...ledgers].filter(
      ([id, { expiresAt }]) => !jobs.has(id) && (expiresAt ?? 0) > now,
    );
    const all = gone.map(([id, { expiresAt }]) => ({ id, endsAt: expiresAt ?? 0 }));
    return removedPage(
      all.toSorted((a, b) => a.endsAt - b.endsAt || (a.id < b.id ? -1 : 1)),
      cursor,
      limit,
    );
  }

  async note(change: Omit<Port.NotedChange, "at">): Promise<void> {
    const { bulk, ...rest } = asSent(change);
    this.#link.step((step) =>
      noteChange(step, { ...rest, ...(bulk === undefined ? {} : { bulk: { id: bulk } }) }),
    );
  }
}
