import { type Clock, keepAlive, sleep } from "../../core/clock.ts";
import { CronduitError } from "../../core/errors.ts";
import type { StoredJob } from "../../jobs/definition.ts";
import { DEFAULT_QUEUE, queueOf } from "../../jobs/queue.ts";
import type { JobPut, JobPutResult, JobRemoval } from "../port/engine.ts";
import type { Claim } from "../port/queue-engine.ts";
import type { ImportAnswer, ImportStep } from "../port/transfer.ts";
import type { Queues } from "./queues.ts";

/** How often a job is put again because a claim of its id turned out to be of no job. */
const MAX_ROUNDS = 10;
/** Jobs a step, as the engines have it. */
const CHUNK = 500;
/** A claim without a job is most likely one whose job is being stored at this moment. */
const PATIENCE_MS = 50;

type Put = JobPutResult | "again";
type Removed = "removed" | "missing" | "undecided";

/**
 * Keeps job ids unique over all queues. The state of a queue is one atomic whole, and two queues are not: an id is
 * first claimed at the default queue and then the job is stored. What a crash leaves between the two is a claim of no
 * job, which the next one who wants the id takes away; see decision 11.
 */
export class JobClaims {
  readonly #queues: Queues;
  readonly #clock: Clock;

  constructor(queues: Queues, clock: Clock) {
    this.#queues = queues;
    this.#clock = clock;
  }

  /** Those of the jobs that are on queues beside the default one, by id. */
  async getJobs(ids: readonly string[]): Promise<ReadonlyMap<string, StoredJob>> {
    const claims = await this.#queues.home.directory.find(ids);
    const found = new Map<string, StoredJob>();
    for (const queue of new Set(claims.flatMap((claim) => claim?.queue ?? []))) {
      const own = ids.filter((_, i) => claims[i]?.queue === queue);
      for (const job of await (await this.#queues.open(queue)).jobs.get(own)) {
        if (job) found.set(job.definition.id, job);
      }
    }
    return found;
  }

  /** Stores jobs, each on its queue. @throws `INVALID_STATE` if others claim and give up an id all the time. */
  async put(puts: readonly JobPut[]): Promise<JobPutResult[]> {
    const results = puts.map((): Put => "again");
    for (let round = 0; ; round += 1) {
      const left = [...results.keys()].filter((place) => results[place] === "again");
      if (left.length === 0) return results.filter((result) => result !== "again");
      if (round === MAX_ROUNDS) throw contested(puts[left[0] ?? 0]);
      for (const { queue, places } of stepsOf(puts, left)) {
        const group = places.flatMap((place) => puts[place] ?? []);
        const answers =
          queue === DEFAULT_QUEUE ? await this.#putAtHome(group) : await this.#putAt(queue, group);
        for (const [i, place] of places.entries()) results[place] = answers[i] ?? "again";
      }
    }
  }

  /** Removes a job that is not on the default queue. */
  async remove(removal: JobRemoval): Promise<Removed> {
    const { jobId } = removal;
    const claim = await this.#queues.find(jobId);
    if (!claim) return "missing";
    const engine = await this.#queues.open(claim.queue);
    const outcome = await engine.jobs.remove(removal);
    if (outcome !== "removed") return outcome;
    // Looked up again: another caller may have claimed it meanwhile. If this fails, a claim without a job remains.
    const last = await this.#queues.find(jobId).catch(() => undefined);
    if (last) await this.#dissolve(jobId, last).catch(() => undefined);
    return outcome;
  }

  /** Stores records of a queue that came from another engine. */
  async import(queue: string, step: ImportStep): Promise<ImportAnswer> {
    for (let round = 0; ; round += 1) {
      const answer =
        queue === DEFAULT_QUEUE
          ? await this.#queues.home.transfer.importRecords(step)
          : await this.#importAt(queue, step);
      const isStored = answer.existing.length === 0 && answer.isVoid !== true;
      if (isStored || round === MAX_ROUNDS || !(await this.#isWorthAnother(answer))) return answer;
    }
  }

  async #importAt(queue: string, step: ImportStep): Promise<ImportAnswer> {
    const engine = await this.#queues.join(queue);
    const ids = step.records.flatMap(({ record }) =>
      record.kind === "job" ? [record.definition.id] : [],
    );
    if (ids.length === 0) return engine.transfer.importRecords(step);
    const claims = await this.#queues.home.directory.claim(queue, ids);
    const existing = ids.filter((_, i) => claims[i]?.outcome !== "claimed");
    if (existing.length > 0) {
      const { place } = await engine.transfer.importRecords({
        ...step,
        records: [],
        isDone: false,
      });
      return { place, existing };
    }
    const numbers = new Map(
      ids.flatMap((id, i) => {
        const claim = claims[i];
        return claim?.outcome === "claimed" ? [[id, claim.number] as const] : [];
      }),
    );
    return engine.transfer.importRecords({ ...step, claims: numbers });
  }

  /** Whether all that stood in the way was a claim that is given up, or one of no job. */
  async #isWorthAnother({ existing, isVoid }: ImportAnswer): Promise<boolean> {
    if (isVoid === true) return true;
    const claims = await this.#queues.home.directory.find(existing);
    for (const [i, id] of existing.entries()) {
      const claim = claims[i];
      if (!claim || !(await this.#isFree(id, claim))) return false;
    }
    return true;
  }

  async #putAtHome(puts: readonly JobPut[]): Promise<Put[]> {
    const { home } = this.#queues;
    const results = await home.jobs.put(puts);
    const refused = puts.filter((_, i) => results[i]?.outcome === "exists");
    if (refused.length === 0) return results;
    const ids = refused.map(({ definition }) => definition.id);
    const claims = new Map((await home.directory.find(ids)).map((claim, i) => [ids[i], claim]));
    return Promise.all(
      results.map(async (result, i) => {
        const id = puts[i]?.definition.id ?? "";
        const claim = result.outcome === "exists" ? claims.get(id) : undefined;
        return claim && (await this.#isFree(id, claim)) ? "again" : result;
      }),
    );
  }

  async #putAt(queue: string, puts: readonly JobPut[]): Promise<Put[]> {
    const { directory } = await this.#queues.join(queue);
    const ids = puts.map(({ definition }) => definition.id);
    const claims = await this.#queues.home.directory.claim(queue, ids);
    const claimed = puts.flatMap((put, i) => {
      const claim = claims[i];
      return claim?.outcome === "claimed" ? [{ ...put, claim: claim.number }] : [];
    });
    const stored = claimed.length > 0 ? await directory.putClaimed(claimed) : [];
    const answers = stored.values();
    return Promise.all(
      claims.map(async (claim, i) => {
        if (claim.outcome === "claimed") {
          const answer = answers.next().value;
          return answer && answer.outcome !== "void" ? answer : "again";
        }
        const isFree =
          claim.outcome === "elsewhere" && (await this.#isFree(ids[i] ?? "", claim.claim));
        return isFree ? "again" : { outcome: "exists" };
      }),
    );
  }

  /** Whether there is no job behind a claim; the claim is gone then. */
  async #isFree(jobId: string, claim: Claim): Promise<boolean> {
    const engine = await this.#queues.open(claim.queue);
    const [job] = await engine.jobs.get([jobId]);
    if (job) return false;
    await keepAlive(sleep(this.#clock, PATIENCE_MS * (0.5 + Math.random())));
    return this.#dissolve(jobId, claim);
  }

  /** @returns Whether the claim is of no job; it is gone then, and no job can be stored by it any more. */
  async #dissolve(jobId: string, { queue, number }: Claim): Promise<boolean> {
    const { directory } = await this.#queues.open(queue);
    const fenced = await directory.fence(jobId, number);
    if (fenced === "exists") return false;
    await this.#queues.home.directory.release(jobId, number, fenced.sequence);
    return true;
  }
}

/** Places of jobs that are of one queue, as many as are stored at once. */
function stepsOf(
  puts: readonly JobPut[],
  left: readonly number[],
): { queue: string; places: number[] }[] {
  const steps: { queue: string; places: number[] }[] = [];
  const open = new Map<string, number[]>();
  for (const place of left) {
    const queue = queueOf(puts[place]?.definition ?? {});
    const known = open.get(queue);
    if (known && known.length < CHUNK) {
      known.push(place);
      continue;
    }
    const places = [place];
    open.set(queue, places);
    steps.push({ queue, places });
  }
  return steps;
}

function contested(put: JobPut | undefined): CronduitError {
  const jobId = put?.definition.id;
  return new CronduitError(
    "INVALID_STATE",
    `Job "${jobId}" is being added to several queues by others; try again.`,
    { data: { jobId } },
  );
}
