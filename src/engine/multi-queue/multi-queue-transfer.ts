import { DEFAULT_QUEUE } from "../../jobs/queue.ts";
import type {
  ExportedJob,
  ExportPage,
  ImportAnswer,
  ImportStep,
  TransferPort,
} from "../port/transfer.ts";
import type { JobClaims } from "./job-claims.ts";
import type { Queues } from "./queues.ts";

/** Export and import of all queues, one after the other. */
export class MultiQueueTransfer implements TransferPort {
  readonly #queues: Queues;
  readonly #claims: JobClaims;

  constructor(queues: Queues, claims: JobClaims) {
    this.#queues = queues;
    this.#claims = claims;
  }

  async listTaken(limit: number): Promise<string[]> {
    const taken = await this.#queues.home.transfer.listTaken(limit);
    for (const engine of (await this.#queues.others()).values()) {
      if (taken.length >= limit) break;
      taken.push(...(await engine.transfer.listTaken(limit - taken.length)));
    }
    return taken;
  }

  /** A page is of one queue. The cursor is the queue's name, and its own cursor behind that. */
  async exportJobs(cursor: string | undefined, limit: number): Promise<ExportPage> {
    const names = [DEFAULT_QUEUE, ...(await this.#queues.names())];
    const at = cursor?.indexOf(" ") ?? 0;
    const queue = cursor?.slice(0, at) ?? DEFAULT_QUEUE;
    const engine = await this.#queues.open(queue);
    const page = await engine.transfer.exportJobs(cursor?.slice(at + 1) || undefined, limit);
    const next = names[names.indexOf(queue) + 1];
    const behind = next === undefined ? undefined : `${next} `;
    const numbers = await Promise.all(
      names.map(async (name) => (name === queue ? page.sequence : this.#sequence(name))),
    );
    return {
      jobs: page.jobs.map((job) => onQueue(job, queue)),
      cursor: page.cursor === undefined ? behind : `${queue} ${page.cursor}`,
      sequence: Math.max(...numbers),
      stamp: names.map((name, i) => `${name} ${numbers[i]}`).join(),
      ...(names.length > 1 ? { queue } : {}),
    };
  }

  listStepRuns(jobId: string, offset: number, limit: number): Promise<string[]> {
    return this.#queues.home.transfer.listStepRuns(jobId, offset, limit);
  }

  async importRecords({ queue = DEFAULT_QUEUE, ...step }: ImportStep): Promise<ImportAnswer> {
    if (queue === DEFAULT_QUEUE) return this.#claims.import(queue, step);
    // To ask how far an import is must not make the queue.
    const isKnown = (await this.#queues.names()).includes(queue);
    if (!isKnown && step.records.length === 0) return { place: 0, existing: [] };
    return this.#claims.import(queue, step);
  }

  async #sequence(queue: string): Promise<number> {
    return (await (await this.#queues.open(queue)).transfer.exportJobs(undefined, 1)).sequence;
  }
}

/** The state of one queue does not know its name. */
function onQueue(job: ExportedJob, queue: string): ExportedJob {
  const { owner } = job;
  if (owner.kind === "job" || queue === DEFAULT_QUEUE) return job;
  return { ...job, owner: { ...owner, queue } };
}
