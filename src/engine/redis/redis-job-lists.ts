import {
  comparePlaces,
  fitsDefinition,
  type JobCountQuery,
  type JobCounts,
  type JobFilter,
  type JobListPage,
  type JobListQuery,
  type JobPlace,
  narrowed,
} from "../../jobs/job-list.ts";
import { mergePages } from "../../jobs/merge-lists.ts";
import type { Scope } from "../../jobs/scope.ts";
import { toJson } from "../codec/stored-json.ts";
import { decodeDefinitions } from "./job-codec.ts";
import { writtenFilter } from "./list-filter.ts";
import type { RedisCalls } from "./redis-calls.ts";

/** Jobs a script looks at: so few that nobody waits for it. */
const STEP = 500;
/** Jobs of a list that are read and sorted by their next run; a longer list is found by looking at all jobs. */
const MOST_SORTED = 10_000;

const NOTHING: JobListPage = { found: [], looked: 0 };

/** Where a script reads jobs: by due time, in a list by id, or these. */
type Source = {
  readonly list?: string;
  readonly needsDue?: true;
  readonly ids?: readonly string[];
};

/** What is asked, and what whoever asks sees. */
type Asked = JobListQuery & { readonly scope: Scope };

/** How jobs are walked, and what still has to be asked of them. */
interface Plan {
  /** Absent: all jobs. */
  readonly lists?: readonly string[];
  /** How many jobs the lists have. */
  readonly size: number;
  readonly filter: JobFilter;
}

/** What a script found. */
interface Found extends JobPlace {
  readonly isSure: boolean;
}

interface Step {
  readonly looked: number;
  readonly isMore: boolean;
  readonly last: JobPlace;
  readonly found: readonly Found[];
}

/**
 * Lists of jobs on Redis. Scripts look at a few hundred jobs each, and only what may fit a filter travels; see `lists.lua` and
 * `listing.lua`.
 */
export class RedisJobLists {
  readonly #calls: RedisCalls;

  constructor(calls: RedisCalls) {
    this.#calls = calls;
  }

  async list(query: JobListQuery, scope: Scope): Promise<JobListPage> {
    const plan = await this.#plan(narrowed(query.filter, scope), scope);
    const { lists, size, filter } = plan;
    const asked = { ...query, filter, scope };
    if (!lists) return this.#walk(query.order === "id" ? { list: "all" } : {}, asked);
    if (query.order === "id") return this.#walkLists(lists, asked);
    // Jobs without a next run are in the order of their ids.
    if (lists.every((list) => list === "paused" || list === "finished")) {
      const isBefore = query.after !== undefined && query.after.dueAt !== Number.POSITIVE_INFINITY;
      return this.#walkLists(lists, isBefore ? { ...asked, after: undefined } : asked);
    }
    // Whoever does not see everything must not be told how many others' jobs were passed over, nor where the last of them is.
    if (size > MOST_SORTED && scope === "all") return this.#walk({}, { ...query, scope });
    return this.#walkSorted(lists, asked);
  }

  async tally({ filter: asked, by }: JobCountQuery, scope: Scope): Promise<JobCounts> {
    const narrow = narrowed(asked, scope);
    const known = await this.#knownCounts(narrow, by);
    if (known) return known;
    const { lists = ["all"], filter } = await this.#plan(narrow, scope);
    const groups = new Map<string, number>();
    let total = 0;
    const add = (key: string, count: number): void => {
      total += count;
      if (by) groups.set(key, (groups.get(key) ?? 0) + count);
    };
    for (const list of lists) await this.#tallyList(list, { filter, scope }, by, add);
    return { total, groups };
  }

  /**
   * Chooses the shortest of the lists that have every job that can fit, and what they do not say; for readers of some owners'
   * jobs the lists of these.
   */
  async #plan(filter: JobFilter, scope: Scope): Promise<Plan> {
    const { owners, states, lastVerdicts, ...rest } = filter;
    const choices: { readonly lists: readonly string[]; readonly filter: JobFilter }[] = [];
    if (owners)
      choices.push({
        lists: [...new Set(owners)].map((owner) => `owner:${owner}`),
        filter: { ...rest, states, lastVerdicts },
      });
    if (scope === "all" && states && !states.includes("active"))
      choices.push({ lists: [...new Set(states)], filter: { ...rest, owners, lastVerdicts } });
    if (
      scope === "all" &&
      lastVerdicts &&
      !lastVerdicts.some((each) => each === "succeeded" || each === "none")
    )
      choices.push({
        lists: [...new Set(lastVerdicts)].map((verdict) => `last:${verdict}`),
        filter: { ...rest, owners, states },
      });
    const all = choices.flatMap(({ lists }) => lists);
    if (choices.length === 0) return { size: Number.POSITIVE_INFINITY, filter };
    const sizes = await this.#sizes(all);
    const sizeOf = ({ lists }: { readonly lists: readonly string[] }): number =>
      lists.reduce((sum, list) => sum + (sizes.get(list) ?? 0), 0);
    const [best] = choices.toSorted((a, b) => sizeOf(a) - sizeOf(b));
    if (!best) return { size: Number.POSITIVE_INFINITY, filter };
    const lists = best.lists.filter((list) => sizes.has(list));
    return { lists, size: sizeOf(best), filter: best.filter };
  }

  /** How many jobs these lists have, of those that have any. */
  async #sizes(lists: readonly string[]): Promise<Map<string, number>> {
    if (lists.length === 0) return new Map();
    const counts = await this.#calls.bounded("countJobs", () =>
      this.#calls.redis.hmget(this.#calls.key("list-sizes"), ...lists),
    );
    return new Map(
      lists.flatMap((list, i) => (counts[i] ? [[list, Number(counts[i])] as const] : [])),
    );
  }

  /** Counts that are kept, if they answer it. */
  async #knownCounts(filter: JobFilter, by: JobCountQuery["by"]): Promise<JobCounts | undefined> {
    if (Object.values(filter).some((part) => part !== undefined)) return undefined;
    const { redis } = this.#calls;
    const [total, sizes] = await this.#calls.bounded("countJobs", () =>
      Promise.all([
        redis.zcard(this.#calls.key("next")),
        by === "owner"
          ? redis.hgetall(this.#calls.key("list-sizes"))
          : this.#sizes(["paused", "finished", "last:succeeded", "last:failed", "last:cancelled"]),
      ]),
    );
    const known = sizes instanceof Map ? sizes : new Map(Object.entries(sizes));
    const named = [...known].flatMap(([list, count]) => {
      const key = keyOfList(list, by);
      return key === undefined ? [] : [[key, Number(count)] as const];
    });
    const rest = total - named.reduce((sum, [, count]) => sum + count, 0);
    const restKey = by && { state: "active", lastVerdict: "none", owner: "" }[by];
    const groups = new Map(restKey !== undefined && rest > 0 ? [...named, [restKey, rest]] : named);
    return { total, groups };
  }

  /** Walks lists by id, at once. */
  async #walkLists(lists: readonly string[], query: Asked): Promise<JobListPage> {
    const pages = await Promise.all(lists.map((list) => this.#walk({ list }, query)));
    const [only = NOTHING] = pages;
    return pages.length <= 1 ? only : mergePages(pages, { ...query, order: "id" });
  }

  /** Reads lists whole, and goes through them in the order of next runs. */
  async #walkSorted(lists: readonly string[], query: Asked): Promise<JobListPage> {
    const most = { limit: Number.MAX_SAFE_INTEGER, mostLooked: Number.MAX_SAFE_INTEGER };
    const whole = { ...query, ...most, filter: {}, after: undefined };
    const pages = await Promise.all(
      lists.map((list) => this.#walk({ list, needsDue: true }, whole)),
    );
    const { after } = query;
    const places = pages
      .flatMap(({ found }) => found)
      .filter((place) => !after || comparePlaces("next-run", place, after) > 0)
      .toSorted((a, b) => comparePlaces("next-run", a, b));
    const end = Math.min(places.length, query.mostLooked);
    const found: JobPlace[] = [];
    let looked = 0;
    while (looked < end && found.length < query.limit) {
      const chunk = places.slice(looked, Math.min(end, looked + stepOf(query, found.length)));
      const fitting = await this.#fitting(chunk, query);
      const room = query.limit - found.length;
      found.push(...fitting.slice(0, room));
      looked += chunk.length;
      const last = found.at(-1);
      if (fitting.length > room && last) return { found, looked, next: last };
    }
    const last = places[looked - 1];
    return { found, looked, ...(looked < places.length && last ? { next: last } : {}) };
  }

  async #fitting(
    places: readonly JobPlace[],
    { filter, scope }: Pick<Asked, "filter" | "scope">,
  ): Promise<readonly JobPlace[]> {
    if (isEmpty(filter)) return places;
    const ids = places.map(({ id }) => id);
    const step = await this.#step({ ids }, { filter, scope, after: undefined }, ids.length);
    const sure = new Set((await this.#checked(step.found, filter)).map(({ id }) => id));
    return places.filter(({ id }) => sure.has(id));
  }

  async #walk(source: Source, query: Asked): Promise<JobListPage> {
    const { filter, limit, mostLooked, scope } = query;
    const found: JobPlace[] = [];
    let [looked, { after }] = [0, query];
    for (;;) {
      const count = Math.min(stepOf(query, found.length), mostLooked - looked);
      const step = await this.#step(source, { filter, scope, after }, count);
      const fitting = await this.#checked(step.found, filter);
      const room = limit - found.length;
      found.push(...fitting.slice(0, room));
      looked += step.looked;
      after = step.last;
      const last = found.at(-1);
      if (fitting.length > room && last) return { found, looked, next: last };
      if (!step.isMore) return { found, looked };
      if (found.length >= limit || looked >= mostLooked) return { found, looked, next: after };
    }
  }

  /** Those that fit: definitions are read of jobs of which a script can't be sure. */
  async #checked(found: readonly Found[], filter: JobFilter): Promise<readonly JobPlace[]> {
    const unsure = found.flatMap(({ id, isSure }) => (isSure ? [] : [id]));
    if (unsure.length === 0) return found;
    const fit = await this.#readFitting(unsure, filter);
    return found.filter(({ id, isSure }) => isSure || fit.has(id));
  }

  async #readFitting(ids: readonly string[], filter: JobFilter): Promise<ReadonlySet<string>> {
    const answer = await this.#calls.run("read_definitions", {}, ids);
    const definitions = decodeDefinitions(ids, answer, this.#calls.tell);
    return new Set(
      definitions.flatMap((read) =>
        read && fitsDefinition(read.definition, filter) ? [read.definition.id] : [],
      ),
    );
  }

  async #step(
    source: Source,
    { filter, scope, after }: Pick<Asked, "filter" | "scope" | "after">,
    count: number,
  ): Promise<Step> {
    const query = toJson({
      ...source,
      ...writtenAfter(after),
      count,
      filter: writtenFilter(filter, scope),
    });
    const answer = (await this.#calls.run("list_jobs", { query })) as [
      number,
      number,
      string,
      string,
      ...(string | number)[],
    ];
    const [looked, isMore, lastId, lastDue, ...flat] = answer;
    const found: Found[] = [];
    for (let i = 0; i < flat.length; i += 3)
      found.push({ ...placeOf(flat[i], flat[i + 1]), isSure: flat[i + 2] === 1 });
    return { looked, isMore: isMore === 1, last: placeOf(lastId, lastDue), found };
  }

  async #tallyList(
    list: string,
    { filter, scope }: Pick<Asked, "filter" | "scope">,
    by: JobCountQuery["by"],
    add: (key: string, count: number) => void,
  ): Promise<void> {
    const written = writtenFilter(filter, scope);
    const needsText = written.needsText || by === "owner";
    for (let after: JobPlace | undefined, isMore = true; isMore;) {
      const query = toJson({
        list,
        ...writtenAfter(after),
        count: STEP,
        filter: { ...written, needsText },
        by,
      });
      const answer = (await this.#calls.run("tally_jobs", { query })) as (string | number)[];
      const [, more, lastId, groupCount = 0] = answer;
      const ungrouped = 4 + 2 * Number(groupCount);
      for (let i = 4; i < ungrouped; i += 2) add(String(answer[i]), Number(answer[i + 1]));
      const unsure = new Map<string, string>();
      for (let i = ungrouped; i < answer.length; i += 2)
        unsure.set(String(answer[i]), String(answer[i + 1]));
      if (unsure.size > 0)
        for (const id of await this.#readFitting([...unsure.keys()], filter))
          add(unsure.get(id) ?? "", 1);
      isMore = more === 1;
      after = placeOf(lastId, undefined);
    }
  }
}

/** Jobs to look at next: without a filter, each one fits. */
function stepOf({ filter, limit }: Pick<JobListQuery, "filter" | "limit">, found: number): number {
  return isEmpty(filter) ? Math.min(STEP, limit - found) : STEP;
}

function isEmpty(filter: JobFilter): boolean {
  return Object.values(filter).every((part) => part === undefined);
}

function writtenAfter(after: JobPlace | undefined): object {
  if (!after) return {};
  const { id, dueAt } = after;
  return { after: dueAt === Number.POSITIVE_INFINITY ? { id } : { id, dueAt } };
}

function placeOf(id: string | number | undefined, due: string | number | undefined): JobPlace {
  const isDue = due !== "inf" && due !== "" && due !== undefined && due !== null;
  return { id: String(id ?? ""), dueAt: isDue ? Number(due) : Number.POSITIVE_INFINITY };
}

/** Which group a list is of. */
function keyOfList(list: string, by: JobCountQuery["by"]): string | undefined {
  switch (by) {
    case "owner":
      return list.startsWith("owner:") ? list.slice("owner:".length) : undefined;
    case "lastVerdict":
      return list.startsWith("last:") ? list.slice("last:".length) : undefined;
    case "state":
      return list === "paused" || list === "finished" ? list : undefined;
    case undefined:
      return undefined;
  }
}
