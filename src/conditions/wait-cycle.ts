import { type Condition, jobsIn } from "./condition.ts";

/** For each job whose condition waits, the ids of the jobs that the condition refers to. */
export type WaitGraph = ReadonlyMap<string, Iterable<string>>;

/** The graph of the jobs that wait, from the condition of each. */
export function waitGraph(conditions: Iterable<readonly [jobId: string, Condition]>): WaitGraph {
  return new Map(Array.from(conditions, ([jobId, condition]) => [jobId, jobsIn(condition)]));
}

/** A job on the path, with what is left to look at of its references. */
interface Step {
  readonly jobId: string;
  readonly rest: Iterator<string>;
}

/**
 * Finds jobs that wait for each other in a circle: none of them could ever start before the others.
 * Jobs that are no key of the graph wait for nothing. Takes time in proportion to jobs and references.
 * @returns The circle's ids in order of waiting, the first one again at the end, or `undefined` if there is none.
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

// A stack of its own instead of recursion: a chain of jobs may be as long as there are jobs.
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
