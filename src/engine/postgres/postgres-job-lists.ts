import {
  CODE_SOURCE,
  type JobCountQuery,
  type JobCounts,
  type JobFilter,
  type JobListPage,
  type JobListQuery,
  type JobPlace,
  narrowed,
} from "../../jobs/job-list.ts";
import type { Scope } from "../../jobs/scope.ts";
import { storable } from "./job-codec.ts";
import type { PostgresLink } from "./postgres-link.ts";
import { quote } from "./schema-name.ts";

/** Jobs that the first statement of a list looks at, and any of them: each looks at four times as many. */
const FIRST_STEP = 500;
const LAST_STEP = 8_000;

/** A job and its due time, if it has one. */
type Row = readonly [id: string, due: number | null];

interface Looked {
  readonly found: readonly Row[];
  readonly looked: number;
  readonly last: Row | null;
}

/** Where in the order by next run a statement looks: jobs with a due time come first. */
type Part = "due" | "idle" | "id";

/** A condition with a place for each of its values. */
interface Term {
  readonly sql: (place: string) => string;
  readonly value: unknown;
  /** Whether an index has it; else it is looked at job by job. */
  readonly isIndexed: boolean;
}

/** Lists of jobs on PostgreSQL. A statement looks at a bounded number of jobs, of those that its indexes give. */
export class PostgresJobLists {
  readonly #link: PostgresLink;
  readonly #own: string;

  constructor(link: PostgresLink) {
    this.#link = link;
    this.#own = quote(link.schemas.own);
  }

  async list(query: JobListQuery, scope: Scope): Promise<JobListPage> {
    const filter = narrowed(query.filter, scope);
    const found: JobPlace[] = [];
    let { after } = query;
    let looked = 0;
    const isIdle = after?.dueAt === Number.POSITIVE_INFINITY;
    let part: Part = query.order === "id" ? "id" : isIdle ? "idle" : "due";
    for (let step = FIRST_STEP; ; step = Math.min(step * 4, LAST_STEP)) {
      const most = Math.min(step, query.mostLooked - looked);
      const limit = query.limit - found.length;
      const seen = await this.#look(part, { filter, scope }, { after, limit, most });
      found.push(...seen.found.map(placeOf));
      looked += seen.looked;
      const isFull = found.length >= query.limit;
      const last = isFull ? seen.found.at(-1) : seen.last;
      if (last) after = placeOf(last);
      if (isFull) return { found, looked, ...(after ? { next: after } : {}) };
      if (seen.looked < most) {
        if (part !== "due") return { found, looked };
        part = "idle";
        after = undefined;
      }
      // Behind the last job that is due come those that are not.
      if (looked >= query.mostLooked) return { found, looked, next: after ?? FIRST_IDLE };
    }
  }

  async tally({ filter, by }: JobCountQuery, scope: Scope): Promise<JobCounts> {
    const params: unknown[] = [];
    const terms = termsOf(narrowed(filter, scope), scope).map((term) => written(term, params));
    const verdict = lastVerdictFor(scope);
    const key = by && { state: "j.state", lastVerdict: verdict, owner: "l.owner" }[by];
    const rows = await this.#link.select<{ key: string | null; count: number }>(
      "countJobs",
      `SELECT ${key ?? "NULL"} AS key, count(*)::integer AS count FROM ${this.#tables([...terms, key ?? "j."])}
       WHERE ${all(terms)} GROUP BY 1`,
      params,
    );
    const total = rows.reduce((sum, { count }) => sum + count, 0);
    const none = by === "lastVerdict" ? "none" : "";
    return { total, groups: new Map(by ? rows.map((row) => [row.key ?? none, row.count]) : []) };
  }

  async #look(
    part: Part,
    { filter, scope }: { readonly filter: JobFilter; readonly scope: Scope },
    { after, limit, most }: { after: JobPlace | undefined; limit: number; most: number },
  ): Promise<Looked> {
    const params: unknown[] = [limit, most];
    const terms = termsOf(filter, scope);
    const early = terms.filter(({ isIndexed }) => isIndexed).map((term) => written(term, params));
    const late = terms.filter(({ isIndexed }) => !isIndexed).map((term) => written(term, params));
    const where = [...early, ...(after ? [behindOf(part, after, params)] : [])];
    if (part !== "id") where.push(`j.next_due_at ${part === "due" ? "IS NOT NULL" : "IS NULL"}`);
    const order = part === "id" ? `l.id COLLATE "C"` : `j.next_due_at, j.id COLLATE "C"`;
    const from = this.#tables([...where, ...late, order]);
    const [row] = await this.#link.select<{ answer: string }>(
      "listJobs",
      `WITH looked AS MATERIALIZED (
         SELECT ${part === "id" ? "l.id, NULL::bigint" : "j.id, j.next_due_at"} AS due,
           row_number() OVER (ORDER BY ${order}) AS place, COALESCE(${all(late)}, false) AS fits
         FROM ${from} WHERE ${all(where)} ORDER BY ${order} LIMIT $2::integer
       ), found AS (SELECT * FROM looked WHERE fits ORDER BY place LIMIT $1::integer)
       SELECT json_build_object(
         'found', COALESCE((SELECT json_agg(json_build_array(id, due) ORDER BY place) FROM found), '[]'),
         'looked', (SELECT count(*) FROM looked),
         'last', (SELECT json_build_array(id, due) FROM looked ORDER BY place DESC LIMIT 1))::text AS answer`,
      params,
    );
    return JSON.parse(row?.answer ?? "null") as Looked;
  }

  /** The tables that these parts of a statement name. */
  #tables(parts: readonly string[]): string {
    const [j, l] = ["j.", "l."].map((name) => parts.some((part) => part.includes(name)));
    if (j !== true) return `${this.#own}.listed_jobs AS l`;
    const jobs = `${this.#own}.jobs AS j`;
    return l === true ? `${jobs} JOIN ${this.#own}.listed_jobs AS l ON l.id = j.id` : jobs;
  }
}

/** Before the first job without a next run. */
const FIRST_IDLE: JobPlace = { id: "", dueAt: Number.POSITIVE_INFINITY };

function placeOf([id, due]: Row): JobPlace {
  return { id, dueAt: due ?? Number.POSITIVE_INFINITY };
}

function all(terms: readonly string[]): string {
  return terms.length === 0 ? "true" : terms.join(" AND ");
}

function written({ sql, value }: Term, params: unknown[]): string {
  params.push(value);
  return sql(`$${params.length}`);
}

function behindOf(part: Part, { id, dueAt }: JobPlace, params: unknown[]): string {
  if (part === "due") params.push(dueAt);
  params.push(id);
  const last = `$${params.length}::text`;
  if (part === "id") return `l.id COLLATE "C" > ${last}`;
  if (part === "idle") return `j.id COLLATE "C" > ${last}`;
  return `(j.next_due_at, j.id COLLATE "C") > ($${params.length - 1}::bigint, ${last})`;
}

/** How a last run ended: as readers of some owners' jobs see it, which is not at all if it began under a former owner. */
function lastVerdictFor(scope: Scope): string {
  if (scope === "all") return "j.last_verdict";
  return `CASE WHEN j.handed_over IS NULL OR (j.last_run ->> 'startedAt')::bigint >= (j.handed_over ->> 'at')::bigint
    THEN j.last_verdict END`;
}

/** What a filter asks; it knows nothing of queues. */
function termsOf(filter: JobFilter, scope: Scope): Term[] {
  const { owners, sources, states, lastVerdicts, pipeline, tag, text } = filter;
  const terms: Term[] = [];
  const add = (isIndexed: boolean, value: unknown, sql: Term["sql"]): void => {
    terms.push({ isIndexed, value, sql });
  };
  if (owners) add(true, owners.map(storable), (place) => `l.owner = ANY (${place}::text[])`);
  if (pipeline !== undefined) add(true, storable(pipeline), (place) => `l.pipeline = ${place}`);
  if (tag !== undefined)
    add(true, [storable(tag)], (place) => `l.tags <> '{}' AND l.tags @> ${place}::text[]`);
  if (states)
    if (states.includes("active"))
      add(false, states, (place) => `j.state = ANY (${place}::text[])`);
    else add(true, states, (place) => `j.state <> 'active' AND j.state = ANY (${place}::text[])`);
  if (lastVerdicts)
    if (scope !== "all" || lastVerdicts.some((each) => each === "succeeded" || each === "none"))
      add(
        false,
        lastVerdicts,
        (place) => `COALESCE(${lastVerdictFor(scope)}, 'none') = ANY (${place}::text[])`,
      );
    else
      add(
        true,
        lastVerdicts,
        (place) => `j.last_verdict <> 'succeeded' AND j.last_verdict = ANY (${place}::text[])`,
      );
  if (sources)
    if (sources.includes(CODE_SOURCE))
      add(
        false,
        sources.map(storable),
        (place) => `COALESCE(l.source, '${CODE_SOURCE}') = ANY (${place}::text[])`,
      );
    else add(true, sources.map(storable), (place) => `l.source = ANY (${place}::text[])`);
  if (text !== undefined)
    add(false, storable(text), (place) => `position(${place} IN l.words) > 0`);
  return terms;
}
