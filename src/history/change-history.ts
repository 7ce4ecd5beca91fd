import { z } from "zod";
import { END_OF_TIME, type EpochMs } from "../core/clock.ts";
import { CronduitError } from "../core/errors.ts";
import { fromOpaqueText, toOpaqueText } from "../core/opaque-text.ts";
import type { Engine } from "../engine/port/engine.ts";
import { ACTOR_KINDS, type Actor } from "../jobs/actor.ts";
import { checkRange, endOption, instantOption } from "../jobs/instant-option.ts";
import {
  CHANGE_KINDS,
  type ChangeKind,
  type ChangesCursor,
  type FieldChange,
  type NotedChange,
  type Revision,
} from "../jobs/noted-change.ts";
import { jobIdSchema, parseOptions } from "../jobs/options.ts";
import { isVisible, type Scope } from "../jobs/scope.ts";
import type { PipelineRegistry } from "../pipeline/registry.ts";
import type { SecretPath } from "../pipeline/secrets/secret-paths.ts";
import type { InstantInput } from "../triggers/time/parse-instant.ts";
import { requireKnownJob } from "./known-job.ts";
import { areOfParams, maskedDifferences, secretsOfJob } from "./secrets-of-job.ts";

/** Changes that one call examines; if a filter matches too few of them, the cursor continues from there. */
const MAX_SCANNED = 5_000;
const PAGE = 500;
/** A server's clock may have been set back by as much. */
const CLOCK_SET_BACK_MS = 60_000;
/** Stands for programs that added jobs, which are not named with the job. */
const SOME_PROGRAM: Actor = { kind: "code", id: "unknown" };

const kindSchema = z.enum(CHANGE_KINDS);
const querySchema = z.strictObject({
  jobId: jobIdSchema.optional(),
  actor: z
    .union([
      z.string().min(1).max(128),
      z.strictObject({
        kind: z.enum(ACTOR_KINDS).optional(),
        id: z.string().min(1).max(128).optional(),
      }),
    ])
    .optional(),
  what: z.union([kindSchema, z.array(kindSchema).min(1)]).optional(),
  from: z.unknown().optional(),
  to: z.unknown().optional(),
  cursor: z.string().min(1).max(20_000).optional(),
  limit: z.int().min(1).max(1_000).default(100),
});

/** Which changes to return. */
export interface ChangeQuery {
  /**
   * Only those of this job, also if it was removed, as long as its ledger is kept. Without it, those of the fleet: the last
   * year, and about 10,000 of them.
   * @default the fleet
   */
  jobId?: string | undefined;
  /** Only those by the actor of this id, or of this kind. @default all */
  actor?: string | { kind?: Actor["kind"] | undefined; id?: string | undefined } | undefined;
  /** Only those that did this, or one of these. @default all */
  what?: ChangeKind | ChangeKind[] | undefined;
  /** Only those made at this instant or later; without an offset in the scheduler's zone. @default no bound */
  from?: InstantInput | undefined;
  /** Only those made up to this instant; a date without a time includes that day. @default no bound */
  to?: InstantInput | undefined;
  /** Where to continue: the `cursor` of the previous page. @default the beginning */
  cursor?: string | undefined;
  /** Changes per page, 1 to 1,000. @default 100 */
  limit?: number | undefined;
}

/** What somebody changed. */
export interface Change {
  /** Names it among those of its job, or of the fleet. */
  readonly id: string;
  readonly at: Date;
  /** Who, and why in their own words (`note`). */
  readonly by: Actor;
  readonly what: ChangeKind;
  /** `undefined` if it was about several jobs, or about the whole fleet. */
  readonly jobId: string | undefined;
  /** The first 20 of several jobs. */
  readonly jobIds: readonly string[];
  /** Whose jobs it was about; `undefined` for those of nobody, or of several. */
  readonly owner: string | undefined;
  /** The run that was asked for or cancelled. */
  readonly runId: string | undefined;
  /** The occurrence that is skipped, or not any more, by its nominal time. */
  readonly fireTime: Date | undefined;
  /** The reason that the job or the run keeps. */
  readonly reason: string | undefined;
  /** From what to what; secrets are masked. */
  readonly differences: readonly FieldChange[];
  /** How many jobs, runs or logs were changed. */
  readonly count: number;
  /** Names the call that changed many jobs at once. */
  readonly bulk: string | undefined;
}

/** Changes, newest first. */
export interface ChangePage {
  readonly changes: readonly Change[];
  /** Pass it to the next call; `undefined` at the end. A short page may still have a cursor. */
  readonly cursor: string | undefined;
  /** Whether older changes of the job are not kept any more: a job keeps 1,000. `false` without `jobId`. */
  readonly isCut: boolean;
}

interface Wanted {
  readonly fits: (change: Pick<NotedChange, "at" | "by" | "what">) => boolean;
  readonly fromAt: EpochMs;
  readonly limit: number;
}

/** Reads what was changed. */
export class ChangeHistory {
  readonly #engine: Pick<Engine, "changes" | "jobs" | "ledger">;
  readonly #registry: Pick<PipelineRegistry, "get">;

  /** @param registry Knows the schemas that say what is a secret by now. */
  constructor(
    engine: Pick<Engine, "changes" | "jobs" | "ledger">,
    registry: Pick<PipelineRegistry, "get">,
  ) {
    this.#engine = engine;
    this.#registry = registry;
  }

  /** @param timezone For times without an offset. @throws {@link CronduitError} `INVALID_OPTION`, `JOB_NOT_FOUND` */
  async page(scope: Scope, input: ChangeQuery, timezone: string): Promise<ChangePage> {
    const query = parseOptions(querySchema, input, "getChanges");
    const wanted = wantedBy(query, timezone);
    const page =
      query.jobId === undefined
        ? await this.#ofFleet(scope, wanted, readCursor(query.cursor))
        : await this.#ofJob(scope, query.jobId, wanted, readPlace(query.cursor));
    const isNone = page.changes.length === 0 && query.cursor === undefined;
    if (query.jobId !== undefined && isNone) await requireKnownJob(this.#engine, query.jobId);
    return { ...page, changes: await this.#withoutSecrets(page.changes) };
  }

  async #withoutSecrets(changes: readonly Change[]): Promise<readonly Change[]> {
    const known = new Map<string, readonly SecretPath[]>();
    const sources = { engine: this.#engine, registry: this.#registry };
    for (const { jobId, differences } of changes)
      if (jobId !== undefined && !known.has(jobId) && areOfParams(differences))
        known.set(jobId, await secretsOfJob(sources, jobId));
    return changes.map((change) => {
      const secrets = change.jobId === undefined ? undefined : known.get(change.jobId);
      const { differences } = change;
      return secrets ? { ...change, differences: maskedDifferences(differences, secrets) } : change;
    });
  }

  async #ofFleet(
    scope: Scope,
    { fits, fromAt, limit }: Wanted,
    from: ChangesCursor | undefined,
  ): Promise<ChangePage> {
    const found: Change[] = [];
    let cursor = from;
    for (let scanned = 0; scanned < MAX_SCANNED && found.length < limit; scanned += PAGE) {
      // No more than are wanted, so that the cursor stands behind the last that is returned.
      const asked = Math.min(PAGE, limit - found.length);
      const page = await this.#engine.changes.read(scope, cursor, asked);
      for (const { change, list, place } of page.changes)
        if (fits(change)) found.push(toChange(change, `${list} ${place}`));
      cursor = page.cursor;
      const isTooOld = page.changes.some(({ change }) => change.at < fromAt - CLOCK_SET_BACK_MS);
      if (!cursor || isTooOld) return { changes: found, cursor: undefined, isCut: false };
    }
    return { changes: found, cursor: cursor && toOpaqueText(cursor), isCut: false };
  }

  async #ofJob(
    scope: Scope,
    jobId: string,
    { fits, limit }: Wanted,
    skip: number,
  ): Promise<ChangePage> {
    const { revisions, isCut } = await this.#engine.changes.readRevisions(scope, jobId);
    const all: readonly Revision[] = isCut
      ? revisions
      : [...revisions, ...(await this.#addition(scope, jobId, revisions))];
    const found: Change[] = [];
    // Counted from the oldest, so that a place does not move when something is changed.
    let place = skip === 0 ? all.length : Math.min(skip, all.length);
    while (place > 0 && found.length < limit) {
      const revision = all[all.length - place];
      if (revision && fits(revision))
        found.push(toChange({ ...revision, jobId }, `${jobId} ${place}`));
      place -= 1;
    }
    return {
      changes: found,
      cursor: place > 0 ? String(place) : undefined,
      isCut: place === 0 && isCut,
    };
  }

  /** A job says itself when it was added, and by whom unless that was a program. */
  async #addition(
    scope: Scope,
    jobId: string,
    revisions: readonly Revision[],
  ): Promise<Revision[]> {
    // What was before is not known, or somebody else's.
    if (revisions.at(-1)?.before?.state === "removed") return [];
    const oldest = revisions.findLast(({ before }) => before?.definition)?.before?.definition;
    const [job] = oldest ? [] : await this.#engine.jobs.get([jobId]);
    const first = oldest ?? job?.definition;
    if (!first || !isVisible(scope, first.owner)) return [];
    if (scope !== "all" && revisions.length === 0 && job?.handedOver) return [];
    const { createdAt: at, addedBy: by = SOME_PROGRAM, owner } = first;
    return [{ at, by, what: "added", ...(owner === undefined ? {} : { owner }) }];
  }
}

function wantedBy(query: z.output<typeof querySchema>, timezone: string): Wanted {
  const { actor, what, limit } = query;
  const place = (path: string) => ({ where: "getChanges", path, timezone });
  const fromAt = query.from === undefined ? 0 : instantOption(query.from, place("from"));
  const toAt = query.to === undefined ? END_OF_TIME : endOption(query.to, place("to"));
  if (query.from !== undefined && query.to !== undefined)
    checkRange({ at: fromAt, given: query.from }, { at: toAt, given: query.to }, "getChanges");
  const { kind, id } = typeof actor === "string" ? { kind: undefined, id: actor } : (actor ?? {});
  const kinds = what === undefined ? undefined : [what].flat();
  return {
    limit,
    fromAt,
    fits: (change) =>
      change.at >= fromAt &&
      change.at <= toAt &&
      (kind === undefined || change.by.kind === kind) &&
      (id === undefined || change.by.id === id) &&
      (kinds?.includes(change.what) ?? true),
  };
}

function toChange(change: NotedChange, id: string): Change {
  const { at, by, what, jobId, jobIds = [], owner, runId, reason, bulk } = change;
  const { differences = [], count = 1 } = change;
  const fireTime = change.fireAt === undefined ? undefined : new Date(change.fireAt);
  const about = { jobId, jobIds, owner, runId, fireTime, reason };
  return { id, at: new Date(at), by, what, ...about, differences, count, bulk };
}

const cursorSchema = z.record(z.string().max(200), z.int().min(0).max(1e15));

function readCursor(text: string | undefined): ChangesCursor | undefined {
  if (text === undefined) return undefined;
  const cursor = cursorSchema.safeParse(fromOpaqueText(text));
  if (!cursor.success) throw noCursor();
  return cursor.data;
}

function readPlace(text: string | undefined): number {
  if (text === undefined) return 0;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw noCursor();
}

function noCursor(): CronduitError {
  return new CronduitError(
    "INVALID_OPTION",
    'getChanges, option "cursor": is not a cursor that getChanges returned for such a query.',
    { data: { path: "cursor" } },
  );
}
