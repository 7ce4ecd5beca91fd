import type { StoredJob } from "../../jobs/definition.ts";
import type { Scope } from "../../jobs/scope.ts";
import { SharedReads } from "../calls/shared-reads.ts";
import * as codec from "../codec/decision-codec.ts";
import { readOne, type Tell } from "../codec/readable.ts";
import type * as Port from "../port/jobs.ts";
import { wordOf } from "./functions.ts";
import { decodeJob, decodePutJob, encodeDefinition, type WrittenJob } from "./job-codec.ts";
import { PostgresJobLists } from "./postgres-job-lists.ts";
import type { PostgresLink } from "./postgres-link.ts";
import { quote } from "./schema-name.ts";

/** Jobs a call. */
const PUT_CHUNK = 500;

/** Stored jobs on PostgreSQL. */
export class PostgresJobs implements Port.JobsPort {
  readonly #link: PostgresLink;
  readonly #table: string;
  readonly #tell: Tell;
  readonly #lists: PostgresJobLists;
  readonly #reads = new SharedReads((ids) => this.#getAll(ids));

  constructor(link: PostgresLink, tell: Tell) {
    this.#link = link;
    this.#table = `${quote(link.schemas.own)}.jobs`;
    this.#tell = tell;
    this.#lists = new PostgresJobLists(link);
  }

  async put(puts: readonly Port.JobPut[]): Promise<Port.JobPutResult[]> {
    const results: Port.JobPutResult[] = [];
    for (let at = 0; at < puts.length; at += PUT_CHUNK) {
      const chunk = puts.slice(at, at + PUT_CHUNK);
      const encoded = chunk.map((put) => codec.encodePut(put, encodeDefinition));
      const answer = await this.#link.run("putJobs", "put_jobs", encoded);
      results.push(...codec.decodePuts(answer, chunk, decodePutJob(this.#tell)));
    }
    return results;
  }

  async change(change: Port.JobChange): Promise<Port.JobChangeResult> {
    const encoded = codec.encodeChange(change, encodeDefinition);
    return codec.decodeChange(await this.#link.run("changeJob", "change_job", encoded));
  }

  async remove(removal: Port.JobRemoval): Promise<Port.JobRemovalResult> {
    const encoded = codec.encodeRemoval(removal, encodeDefinition);
    const outcome = wordOf(await this.#link.run("removeJob", "remove_job", encoded));
    return outcome === "removed" || outcome === "undecided" ? outcome : "missing";
  }

  async changeSkip(request: Port.SkipRequest): Promise<Port.SkipOutcome> {
    return codec.decodeSkip(wordOf(await this.#link.run("changeSkip", "change_skip", request)));
  }

  get(ids: readonly string[]): Promise<(StoredJob | undefined)[]> {
    return this.#reads.read(ids);
  }

  async #getAll(ids: readonly string[]): Promise<(StoredJob | undefined)[]> {
    const jobs = await this.#link.read<WrittenJob[]>("getJobs", "read_jobs($1)", [ids]);
    const byId = new Map(jobs.map((job) => [job.id, job]));
    return ids.map((id) => {
      const job = byId.get(id);
      const read = () => job && decodeJob(job);
      return readOne(`definition of job "${id}"`, read, this.#tell);
    });
  }

  readDefinitions(ids: readonly string[]): Promise<(Port.StoredDefinition | undefined)[]> {
    return this.get(ids);
  }

  list(query: Port.JobListQuery, scope: Scope): Promise<Port.JobListPage> {
    return this.#lists.list(query, scope);
  }

  tally(query: Port.JobCountQuery, scope: Scope): Promise<Port.JobCounts> {
    return this.#lists.tally(query, scope);
  }

  async count(): Promise<number> {
    const [row] = await this.#link.select<{ count: number }>(
      "countJobs",
      `SELECT count(*)::integer AS count FROM ${this.#table}`,
    );
    return row?.count ?? 0;
  }
}
