import { type Condition, jobsIn } from "./condition.ts";

/** For each job with a waiting condition, the ids of the jobs that the condition refers to. */
export type WaitGraph = ReadonlyMap<string, Iterable<string>>;

/** Makes the graph of the waiting jobs from their conditions. */
export function waitGraph(conditions: Iterable<readonly [jobId: string, Condition]>): WaitGraph {
  return new Map(Array.from(conditions, ([jobId, condition]) => [jobId, jobsIn(condition)]));
}

/** A job on the path, with its references not yet visited. */
interface Step {
  readonly jobId: string;
  readonly rest: Iterator<string>;
}

/**
 * Finds jobs that wait for each other in a cycle, so that none of them could ever start. Jobs without a key in the
 * graph wait for nothing. Takes time proportional to jobs and references.
 * @returns The ids of the cycle in order of waiting, with the first one again at the end; `undefined` if there is none.
 * @example findWaitCycle(new Map([["a", ["b"]], ["b", ["c", "a"]]])) // ["a", "b", "a"]
 */
export function findWaitCycle(graph: WaitGraph): string[] | undefined {
  const done = new Set<string>();
  for (const start of graph.keys()) {
    const cycle = walk(graph, start, done);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

// An explicit stack instead of recursion: a chain can be as long as there are jobs.
function walk(graph: WaitGraph, start: string, done: Set<string>): string[] | undefined {
  const path: Step[] = [];
  const onPath = new Set<string>();
  const enter = (jobId: string): void => {
    path.push({ jobId, rest: (graph.get(jobId) ?? [])[Symbol.iterator]() });
    onPath.add(jobId);
  };
  if (!done.has(start)) enter(start);
  for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
    const next = step.rest.next();
    if (next.done === true) {
      path.pop();
      onPath.delete(step.jobId);
      done.add(step.jobId);
    } else if (onPath.has(next.value)) {
      const ids = path.map(({ jobId }) => jobId);
      return [...ids.slice(ids.indexOf(next.value)), next.value];
    } else if (!done.has(next.value)) enter(next.value);
  }
  return undefined;
}
