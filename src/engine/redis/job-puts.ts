import { decodePuts, encodePut } from "../codec/decision-codec.ts";
import type { JobPut, JobPutResult } from "../port/engine.ts";
import { toJson } from "../codec/stored-json.ts";
import { decodePutJob, encodeDefinition } from "./job-codec.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** Jobs per script call. */
const CHUNK = 500;

/** Fewer jobs are sent right away: comparing first would cost a round trip and save little. */
const WORTH_ASKING = 50;

/** Stores jobs. Most programs declare jobs at each start that exist already, so their digests are compared first. */
export class JobPuts {
  readonly #calls: RedisCalls;

  constructor(calls: RedisCalls) {
    this.#calls = calls;
  }

  async put(puts: readonly JobPut[]): Promise<JobPutResult[]> {
    const results: JobPutResult[] = [];
    // If one chunk is new, the next probably is too; the server compares what it is sent anyway.
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
      const asked = fresh.flatMap((i) => chunk[i] ?? []);
      const jobs = toJson(asked.map((put) => encodePut(put, encodeDefinition)));
      // While the server stores one chunk, the next is encoded.
      await storing;
      storing = this.#store(jobs, asked, (answers) => {
        for (const [n, i] of fresh.entries()) results[at + i] = answers[n] ?? { outcome: "exists" };
      });
      // Awaited below; a rejection before that must not count as unhandled.
      storing.catch(() => undefined);
    }
    await storing;
    return results;
  }

  async #store(
    jobs: string,
    puts: readonly JobPut[],
    take: (answers: readonly JobPutResult[]) => void,
  ): Promise<void> {
    const answer = await this.#calls.run("put_jobs", { jobs });
    take(decodePuts(answer, puts, decodePutJob(this.#calls.tell)));
  }

  async #compare(chunk: readonly JobPut[]): Promise<boolean[]> {
    const declared = chunk.flatMap(({ definition: { id, declared: digests } }) => [
      id,
      digests.all,
    ]);
    const answers = (await this.#calls.run("compare_jobs", {}, declared)) as number[];
    return answers.map((answer) => answer === 1);
  }
}
