import type { JobDefinition } from "../../jobs/definition.ts";
import { CHANGE_LISTS } from "../../jobs/noted-change.ts";
import type { Scope } from "../../jobs/scope.ts";
import { seenRevisions } from "../../jobs/seen-changes.ts";
import { decodeNoted, decodeRevisions } from "../codec/changes-codec.ts";
import { readRemovedCursor, removedPage } from "../codec/removed-jobs.ts";
import { mergeChanges } from "../codec/merge-changes.ts";
import type { Tell } from "../codec/readable.ts";
import type * as Port from "../port/changes.ts";
import type { PostgresLink } from "./postgres-link.ts";
import { quote } from "./schema-name.ts";

/** What was changed, on PostgreSQL. */
export class PostgresChanges implements Port.ChangesPort {
  readonly #link: PostgresLink;
  readonly #tell: Tell;
  readonly #ledgers: string;

  constructor(link: PostgresLink, tell: Tell) {
    this.#link = link;
    this.#tell = tell;
    this.#ledgers = `${quote(link.schemas.own)}.ledgers`;
  }

  async read(
    scope: Scope,
    cursor: Port.ChangesCursor | undefined,
    limit: number,
  ): Promise<Port.ChangesPage> {
    const pages = CHANGE_LISTS.map(async (list) => {
      const before = cursor?.[list];
      const [last, rows] = await this.#link.read<[number, [number, string][]]>(
        "readChanges",
        "read_changes($1, $2, $3)",
        [list, before ?? null, limit],
      );
      const changes = rows.map(([place, text]) => ({
        change: decodeNoted(text, this.#tell),
        list,
        place,
      }));
      return { list, before: before ?? last + 1, changes };
    });
    return mergeChanges(scope, await Promise.all(pages), limit);
  }

  async readRevisions(scope: Scope, jobId: string): Promise<Port.JobRevisions> {
    const texts = await this.#link.read<string[]>("readRevisions", "read_revisions($1)", [jobId]);
    const parse = (text: string) => JSON.parse(text) as JobDefinition;
    return seenRevisions(scope, decodeRevisions(jobId, texts, parse, this.#tell));
  }

  async listRemoved(cursor: string | undefined, limit: number): Promise<Port.RemovedJobs> {
    const { endsAt, id } = readRemovedCursor(cursor);
    const all = await this.#link.select<{ id: string; endsAt: string }>(
      "listRemoved",
      `SELECT job_id AS id, expires_at AS "endsAt" FROM ${this.#ledgers}
       WHERE expires_at > extract(epoch FROM clock_timestamp()) * 1000 AND (expires_at, job_id COLLATE "C") > ($1, $2)
       ORDER BY expires_at, job_id COLLATE "C" LIMIT $3`,
      [endsAt, id, limit],
    );
    const jobs = all.map((one) => ({ id: one.id, endsAt: Number(one.endsAt) }));
    return removedPage(jobs, cursor, limit);
  }

  async note(change: Omit<Port.NotedChange, "at">): Promise<void> {
    await this.#link.run("noteChange", "note_change", change);
  }
}
