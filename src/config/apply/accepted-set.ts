import { randomBytes } from "node:crypto";
import { z } from "zod";
import { CronduitError } from "../../core/errors.ts";
import type { Engine } from "../../engine/port/engine.ts";
import { compare } from "../file-problem.ts";
import { digestOfJobs } from "../read-set.ts";
import { type KeptJob, packJobs, unpackJobs } from "./kept-job.ts";
import { acceptedKey, piecePrefix } from "./source-name.ts";

/** Jobs that a bucket has on average: what one changed job costs to be stored again. */
const JOBS_A_BUCKET = 64;
const MAX_BUCKETS = 256;
/** Pieces of a set, each a document of up to 64 KiB, packed. */
const MAX_PIECES = 1_000;
const AT_ONCE = 8;
/** From how old on a piece that no set has was left behind by a process that died. */
const LEFT_BEHIND_MS = 3_600_000;

const bucketsSchema = z.array(z.array(z.string()));

/** What is kept of a set beside its jobs. */
const headSchema = z.object({
  digest: z.string(),
  count: z.number(),
  /** `applying`: some of its jobs may still be as they were before. */
  state: z.enum(["applying", "applied"]),
  /** The ids of the pieces of each bucket. */
  buckets: bucketsSchema,
  /** Those of the set that it takes the place of, until it is applied; `null`: there is none. */
  before: bucketsSchema.nullable(),
  /** Whether jobs of the source go that it has not. */
  prune: z.boolean(),
  /** The host of who accepted it. */
  host: z.string(),
  /** Who asked for it, if somebody did. */
  note: z.string().nullable(),
  at: z.number(),
  appliedAt: z.number().nullable(),
  /** Jobs that could not be stored or removed. */
  failed: z.array(z.object({ jobId: z.string(), code: z.string(), message: z.string() })),
});

/** An accepted set, without its jobs. */
export type AcceptedHead = z.output<typeof headSchema>;

/** An accepted set as it is stored. */
export interface StoredHead {
  readonly head: AcceptedHead;
  readonly revision: number;
}

/** Jobs by their ids. */
export type KeptJobs = ReadonlyMap<string, KeptJob>;

/** Reads the head of a set that is stored. */
export function parseHead(value: unknown): AcceptedHead | undefined {
  return headSchema.safeParse(value).data;
}

/** The accepted sets of one source: what its jobs are to be, stored before it is done. */
export class AcceptedSets {
  readonly #engine: Pick<Engine, "documents">;
  readonly #source: string;

  /** @param engine May be opened later. */
  constructor(engine: Pick<Engine, "documents">, source: string) {
    this.#engine = engine;
    this.#source = source;
  }

  /** The one in force; `undefined` if none was ever accepted, or none that this version can read. */
  async head(): Promise<StoredHead | undefined> {
    const found = await this.#engine.documents.get(acceptedKey(this.#source));
    const head = found && parseHead(found.value);
    return head && { head, revision: found.revision };
  }

  /** @returns `undefined` if a piece is not there */
  async jobs(buckets: readonly (readonly string[])[]): Promise<KeptJobs | undefined> {
    const keys = buckets.flat().map((id) => this.#pieceKey(id));
    if (keys.length === 0) return new Map();
    const found = await this.#engine.documents.getMany(keys);
    const texts = new Map(
      found.flatMap((each) => {
        const { data } = z.string().safeParse(each?.value);
        return each && data !== undefined ? [[each.key, data] as const] : [];
      }),
    );
    const jobs = new Map<string, KeptJob>();
    for (const ids of buckets) {
      const pieces = ids.flatMap((id) => texts.get(this.#pieceKey(id)) ?? []);
      if (pieces.length < ids.length) return undefined;
      for (const job of unpackJobs(pieces)) jobs.set(job.id, job);
    }
    return jobs;
  }

  /**
   * Stores jobs in pieces; a bucket that is as before is not stored again.
   * @param before The jobs of the set that is in force, and its buckets.
   * @param now By the server's clock.
   */
  async store(
    jobs: readonly KeptJob[],
    before: { readonly jobs: KeptJobs; readonly buckets: readonly (readonly string[])[] },
    now: number,
  ): Promise<string[][]> {
    const fresh = inBuckets(jobs);
    const old = inBuckets([...before.jobs.values()]);
    const isAsMany = fresh.length === before.buckets.length && fresh.length === old.length;
    const buckets: string[][] = fresh.map(() => []);
    const toStore: { readonly id: string; readonly text: string }[] = [];
    for (const [i, bucket] of fresh.entries()) {
      const known = isAsMany ? before.buckets[i] : undefined;
      if (known && isSame(bucket, old[i] ?? [])) {
        buckets[i] = [...known];
        continue;
      }
      for (const text of packJobs(bucket)) {
        const id = `${now.toString(36)}-${randomBytes(4).toString("hex")}`;
        toStore.push({ id, text });
        buckets[i]?.push(id);
      }
    }
    if (buckets.flat().length > MAX_PIECES) throw tooLarge(this.#source);
    await inTurns(toStore, ({ id, text }) =>
      this.#engine.documents.putIfRevision(this.#pieceKey(id), text, "absent"),
    );
    return buckets;
  }

  /** @returns its revision; `undefined` if somebody else has put another one in its place */
  async put(head: AcceptedHead, expected: number | undefined): Promise<number | undefined> {
    const key = acceptedKey(this.#source);
    const answer = await this.#engine.documents.putIfRevision(key, head, expected ?? "absent");
    return answer.outcome === "stored" ? answer.revision : undefined;
  }

  /** Deletes the pieces of a set that another one has not. Nothing refers to them any more, and nothing will. */
  async forget(
    gone: readonly (readonly string[])[],
    present: readonly (readonly string[])[],
  ): Promise<void> {
    const kept = new Set(present.flat());
    const ids = gone.flat().filter((id) => !kept.has(id));
    await inTurns(ids, (id) => this.#engine.documents.delete(this.#pieceKey(id)));
  }

  /** Deletes the pieces of sets that were never accepted, because somebody died before. */
  async sweep({ buckets, before }: AcceptedHead, now: number): Promise<void> {
    const kept = new Set([...buckets, ...(before ?? [])].flat());
    const prefix = piecePrefix(this.#source);
    let cursor: string | undefined;
    do {
      const page = await this.#engine.documents.list(prefix, cursor, 1_000);
      const ids = page.documents.map(({ key }) => key.slice(prefix.length));
      const left = ids.filter((id) => !kept.has(id) && now - bornAt(id) > LEFT_BEHIND_MS);
      await inTurns(left, (id) => this.#engine.documents.delete(this.#pieceKey(id)));
      ({ cursor } = page);
    } while (cursor !== undefined);
  }

  #pieceKey(id: string): string {
    return `${piecePrefix(this.#source)}${id}`;
  }
}

/** When a piece was stored, as its id says. */
function bornAt(id: string): number {
  return Number.parseInt(id.split("-", 1)[0] ?? "", 36) || 0;
}

/** Jobs in buckets by their ids, so that a changed job leaves most buckets as they are. */
function inBuckets(jobs: readonly KeptJob[]): KeptJob[][] {
  let count = 1;
  while (count < MAX_BUCKETS && count * JOBS_A_BUCKET < jobs.length) count *= 2;
  const buckets = Array.from({ length: count }, (): KeptJob[] => []);
  const sorted = jobs.toSorted((a, b) => compare(a.id, b.id));
  for (const job of sorted) buckets[bucketOf(job.id) % count]?.push(job);
  return buckets;
}

/** FNV-1a, which is spread well enough and the same everywhere. */
function bucketOf(id: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < id.length; i += 1) sum = Math.imul(sum ^ id.charCodeAt(i), 0x01000193) >>> 0;
  return sum;
}

function isSame(bucket: readonly KeptJob[], other: readonly KeptJob[]): boolean {
  return (
    bucket.length === other.length &&
    bucket.every(({ id, digest }, i) => id === other[i]?.id && digest === other[i].digest)
  );
}

/** The digest of a set that has these jobs. */
export function digestOfKept(jobs: KeptJobs): string {
  return digestOfJobs([...jobs.values()].toSorted((a, b) => compare(a.id, b.id)));
}

function tooLarge(source: string): CronduitError {
  return new CronduitError(
    "PAYLOAD_TOO_LARGE",
    `The jobs of source "${source}" are more than ${MAX_PIECES} documents of 64 KiB can hold, packed. Divide them into several sources.`,
    { data: { source } },
  );
}

async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE)
    await Promise.all(items.slice(at, at + AT_ONCE).map(act));
}
