import { type Condition, isGroup } from "../../../conditions/condition.ts";
import { parseQueueJobId, queueJobIdOf } from "../../../jobs/occurrence-id.ts";
import type { Pseudonyms } from "./pseudonyms.ts";

/** Masks the names by which records refer to each other: alike in all of them, so that they still do. */
export class NamesMask {
  readonly #pseudonyms: Pseudonyms | undefined;
  readonly #workers = new Map<string, string>();

  /** @param pseudonyms Absent: the ids of jobs and groups stay. */
  constructor(pseudonyms: Pseudonyms | undefined) {
    this.#pseudonyms = pseudonyms;
  }

  jobId(id: string): string {
    return this.#pseudonyms?.id(id) ?? id;
  }

  /** The id of a run or queue job, which contains that of its job. */
  runId(id: string): string {
    const parsed = this.#pseudonyms && parseQueueJobId(id);
    return parsed ? queueJobIdOf({ ...parsed, jobId: this.jobId(parsed.jobId) }) : id;
  }

  group(key: string): string {
    return this.#pseudonyms ? this.#pseudonyms.id(`group ${key}`).replace("job", "group") : key;
  }

  owner(name: string): string {
    return this.#pseudonyms ? this.#pseudonyms.id(`owner ${name}`).replace("job", "owner") : name;
  }

  /** Workers are numbered: their names are those of machines. */
  worker(name: string): string {
    const known = this.#workers.get(name) ?? `worker-${this.#workers.size + 1}`;
    this.#workers.set(name, known);
    return known;
  }

  condition(condition: Condition): Condition {
    if (isGroup(condition))
      return { ...condition, of: condition.of.map((of) => this.condition(of)) };
    if (condition.kind === "not") return { ...condition, of: this.condition(condition.of) };
    return { ...condition, jobId: this.jobId(condition.jobId) };
  }
}
