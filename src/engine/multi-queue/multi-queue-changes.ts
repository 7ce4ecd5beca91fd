import { DEFAULT_QUEUE } from "../../jobs/queue.ts";
import type { Scope } from "../../jobs/scope.ts";
import { type ListPage, mergeChanges } from "../codec/merge-changes.ts";
import type * as Port from "../port/changes.ts";
import type { Queues } from "./queues.ts";

/** What was changed on all queues. The lists of each are named by it: `default main`. */
export class MultiQueueChanges implements Port.ChangesPort {
  readonly #queues: Queues;

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  async read(
    scope: Scope,
    cursor: Port.ChangesCursor | undefined,
    limit: number,
  ): Promise<Port.ChangesPage> {
    const engines = [[DEFAULT_QUEUE, this.#queues.home], ...(await this.#queues.others())] as const;
    const pages = await Promise.all(
      engines.map(async ([queue, { changes }]) => {
        const own = ownCursor(cursor, queue);
        return listsOf(queue, own, await changes.read("all", own, limit));
      }),
    );
    // Each page must be whole here, to say where its lists go on.
    return mergeChanges(scope, pages.flat(), limit);
  }

  async readRevisions(scope: Scope, jobId: string): Promise<Port.JobRevisions> {
    const { home } = this.#queues;
    const others = [...(await this.#queues.others()).values()];
    const found = await Promise.all(
      [home, ...others].map(({ changes }) => changes.readRevisions(scope, jobId)),
    );
    // A job that was removed may have been added again on another queue.
    const revisions = found.flatMap((each) => each.revisions).toSorted((a, b) => b.at - a.at);
    return { revisions, isCut: found.some(({ isCut }) => isCut) };
  }

  /** One queue after the other. The cursor is the queue's name, and its own cursor behind that. */
  async listRemoved(cursor: string | undefined, limit: number): Promise<Port.RemovedJobs> {
    const names = [DEFAULT_QUEUE, ...(await this.#queues.names())];
    const at = cursor?.indexOf(" ") ?? 0;
    const queue = cursor?.slice(0, at) ?? DEFAULT_QUEUE;
    const engine = await this.#queues.open(queue);
    const page = await engine.changes.listRemoved(cursor?.slice(at + 1) || undefined, limit);
    const found = page.found.map(({ id, cursor: own }) => ({ id, cursor: `${queue} ${own}` }));
    if (page.next !== undefined) return { found, next: `${queue} ${page.next}` };
    const behind = names[names.indexOf(queue) + 1];
    return behind === undefined ? { found } : { found, next: `${behind} ` };
  }

  async note(change: Omit<Port.NotedChange, "at">): Promise<void> {
    const claim = change.jobId === undefined ? undefined : await this.#queues.find(change.jobId);
    const engine = claim ? await this.#queues.open(claim.queue) : this.#queues.home;
    await engine.changes.note(change);
  }
}

function ownCursor(
  cursor: Port.ChangesCursor | undefined,
  queue: string,
): Port.ChangesCursor | undefined {
  const prefix = `${queue} `;
  const own = Object.entries(cursor ?? {}).flatMap(([list, place]) =>
    list.startsWith(prefix) ? [[list.slice(prefix.length), place] as const] : [],
  );
  return own.length === 0 ? undefined : Object.fromEntries(own);
}

/** The lists of one queue as their own pages again. */
function listsOf(
  queue: string,
  given: Port.ChangesCursor | undefined,
  page: Port.ChangesPage,
): ListPage[] {
  const names = new Set([
    ...Object.keys(given ?? {}),
    ...Object.keys(page.cursor ?? {}),
    ...page.changes.map(({ list }) => list),
  ]);
  return [...names].map((name) => {
    const changes = page.changes.filter(({ list }) => list === name);
    const [first] = changes;
    const before = given?.[name] ?? (first ? first.place + 1 : (page.cursor?.[name] ?? 1));
    const list = `${queue} ${name}`;
    return { list, before, changes: changes.map(({ change, place }) => ({ change, list, place })) };
  });
}
