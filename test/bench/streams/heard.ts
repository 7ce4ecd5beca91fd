/** How an event is called: by the id of its job. */
export const nameOf = (number: number): string => `job-${number}`;

/** What went wrong, over all clients. */
export interface Heard {
  /** Events that a client did not get. */
  readonly lost: number;
  /** Events that a client got again, or not in their order. */
  readonly astray: number;
}

/** Compares what each client heard with the events from 0 to `count`. */
export function missing(heard: readonly (readonly string[])[], count: number): Heard {
  let lost = 0;
  let astray = 0;
  for (const jobs of heard) {
    const known = new Set(jobs);
    for (let i = 0; i < count; i += 1) if (!known.has(nameOf(i))) lost += 1;
    let next = 0;
    for (const job of jobs) {
      const number = Number(job.slice(nameOf(0).length - 1));
      if (number < next) astray += 1;
      next = Math.max(next, number + 1);
    }
  }
  return { lost, astray };
}
