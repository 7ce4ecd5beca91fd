import type { QueueJobs, QueueJobState } from "../../src/jobs/decide.ts";

/** A queue job as it is stored. */
interface StoredQueueJob {
  state: QueueJobState;
  /** While it is delayed. */
  dueAt: number;
}

/** Queue jobs as plain data; a structured clone is an independent copy. */
export type PlainLine = Map<string, StoredQueueJob>;

/** A line as the rules use it at an instant. Nobody holds a lock. */
export function lineAt(line: PlainLine, now: number): QueueJobs {
  const add = (id: string, _: string, dueAt: number): void => {
    if (!line.has(id)) line.set(id, { state: dueAt > now ? "delayed" : "waiting", dueAt });
  };
  return {
    add,
    addLast: add,
    drop(id) {
      if (line.get(id)?.state !== "active") line.delete(id);
    },
    stateOf: (id) => line.get(id)?.state,
    isHeld: () => false,
    end: () => false,
  };
}
