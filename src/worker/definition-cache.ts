import type { JobDefinition } from "../jobs/definition.ts";
import { Schedule } from "../jobs/schedule.ts";
import { Batcher } from "../engine/calls/batcher.ts";
import type { Engine } from "../engine/port/engine.ts";

/** What a worker needs to know about a job. */
export interface KnownJob {
  readonly definition: JobDefinition;
  readonly schedule: Schedule;
  readonly revision: number;
  readonly generation: number;
}

/** Bounds memory; at about 2 KB each these are some 100 MB. */
const MAX_KNOWN = 50_000;
const BATCH = 200;

/** Definitions by job id, read once, and again when the engine reports a newer revision. */
export class DefinitionCache {
  // A Map keeps insertion order: the first key is the least recently read one.
  readonly #known = new Map<string, KnownJob>();
  readonly #reads: Batcher<string, KnownJob | null | Error>;

  constructor(engine: Pick<Engine, "jobs">) {
    this.#reads = new Batcher(async (ids) => {
      const jobs = await engine.jobs.readDefinitions(ids);
      return jobs.map((job) => {
        if (!job) return null;
        const { definition, revision, generation, skips } = job;
        const skipped = skips.map(({ fireAt }) => fireAt);
        try {
          return { definition, schedule: new Schedule(definition, skipped), revision, generation };
        } catch (error) {
          // It must not fail the others that are read in the same call.
          return error instanceof Error ? error : new Error(String(error));
        }
      });
    }, BATCH);
  }

  /** The job as last read if that is at least this generation and revision, else as it is now. */
  async get(
    jobId: string,
    least: { generation?: number; revision?: number },
  ): Promise<KnownJob | undefined> {
    const known = this.#known.get(jobId);
    if (
      known &&
      known.generation >= (least.generation ?? 0) &&
      known.revision >= (least.revision ?? 0)
    )
      return known;
    const read = (await this.#reads.add(jobId)) ?? undefined;
    this.#known.delete(jobId);
    if (read instanceof Error) throw read;
    if (read) {
      this.#known.set(jobId, read);
      if (this.#known.size > MAX_KNOWN) this.#forgetOldest();
    }
    return read;
  }

  #forgetOldest(): void {
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }
}
