import { decodePuts, encodePut } from "../codec/decision-codec.ts";
import type { JobPut, JobPutResult } from "../port/engine.ts";
import { toJson } from "../codec/stored-json.ts";
import { encodeDefinition } from "./job-codec.ts";
import type { ScriptRunner } from "./scripts.ts";

/** Jobs a script call. */
const CHUNK = 500;

/** Fewer are sent at once: asking first would cost a round trip and save little. */
const WORTH_ASKING = 50;

/** Stores jobs. Most programs declare at each start what is there already, so that is asked first, by digests alone. */
export class JobPuts {
  readonly #run: ScriptRunner["run"];

  constructor(run: ScriptRunner["run"]) {
    this.#run = run;
  }

  async put(puts: readonly JobPut[]): Promise<JobPutResult[]> {
    const results: JobPutResult[] = [];
    // Where one chunk is new, the next most likely is so too; the server compares what it is sent in any case.
    let mayBeThere = puts.length >= WORTH_ASKING;
    let storing: Promise<unknown> = Promise.resolve();
    for (let at = 0; at < puts.length; at += CHUNK) {
      const chunk = puts.slice(at, at + CHUNK);
      const isThere: readonly boolean[] = mayBeThere
        ? await this.#compare(chunk)
        : chunk.map(() => false);
      mayBeThere = isThere.includes(true);
      const fresh = [...chunk.keys()].filter((i) => !isThere[i]);
      for (const i of chunk.keys()) if (isThere[i]) results[at + i] = { outcome: "same" };
      if (fresh.length === 0) continue;
      const jobs = toJson(fresh.flatMap((i) => encode(chunk[i])));
      // While the server stores one chunk, the next is written.
      await storing;
      storing = this.#store(jobs, (answers) => {
        for (const [n, i] of fresh.entries()) results[at + i] = answers[n] ?? { outcome: "exists" };
      });
      // It is awaited below; until then nobody would hear of a rejection.
      storing.catch(() => undefined);
    }
    await storing;
    return results;
  }

  async #store(jobs: string, take: (answers: readonly JobPutResult[]) => void): Promise<void> {
    take(decodePuts(await this.#run("put_jobs", { jobs })));
  }

  async #compare(chunk: readonly JobPut[]): Promise<boolean[]> {
    const declared = chunk.flatMap(({ definition: { id, declared: digests } }) => [
      id,
      digests.all,
    ]);
    const answers = (await this.#run("compare_jobs", {}, declared)) as number[];
    return answers.map((answer) => answer === 1);
  }
}

function encode(put: JobPut | undefined): object[] {
  return put ? [encodePut(put, encodeDefinition)] : [];
}
