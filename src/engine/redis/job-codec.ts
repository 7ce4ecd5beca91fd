import {
  encodeDefinition as encodeCommon,
  type WrittenDefinition,
} from "../codec/decision-codec.ts";
import { compileCondition } from "../../conditions/compile.ts";
import { definitionText, parseDefinition } from "./definition-text.ts";
import type { StoredDefinition } from "../port/engine.ts";
import { readOne, readResult, type Tell } from "../codec/readable.ts";
import { toJson } from "../codec/stored-json.ts";
import type {
  ConditionPolicy,
  HandedOver,
  JobDefinition,
  StoredJob,
} from "../../jobs/definition.ts";
import { type LastRun, lastScheduledOf, type LastScheduledRun } from "../../jobs/ledger-row.ts";
import type { StoredSkip } from "../../jobs/stored-skip.ts";
import type { EpochMs } from "../../core/clock.ts";
import { VERDICTS, type Verdict } from "../../jobs/verdict.ts";

/** A definition as scripts take it. They compare `fields`. */
export function encodeDefinition(definition: JobDefinition): WrittenDefinition {
  return {
    ...encodeCommon(definition, definitionText(definition)),
    fields: policyFields(definition),
  };
}

/** A condition as scripts evaluate it. */
function conditionText({ condition, waitMs, sees }: ConditionPolicy): string {
  return toJson({
    program: compileCondition(condition),
    ...(waitMs === null ? {} : { waitMs }),
    sees,
  });
}

/** The ms between occurrences, if they depend on nothing else and never end. */
function plainInterval(definition: JobDefinition): number | undefined {
  const { trigger, jitter, firstRunAt, overrides } = definition;
  if (overrides?.schedule?.until !== undefined) return undefined;
  const isPlainInterval = trigger.kind === "interval" && trigger.endAt === undefined;
  return isPlainInterval && jitter === null && firstRunAt === null ? trigger.everyMs : undefined;
}

/** Whether the rules allow the fast path; see `fast_path.lua`. */
function allowsFastPath({ coalesce, when, group, overlap }: JobDefinition["policy"]): boolean {
  return coalesce && !when && !group && overlap === "skip";
}

/**
 * The part of a definition that scripts compare: alternating names and values of hash fields, which `jobs.lua` explains.
 * A rule that a job does not have takes no space.
 */
function policyFields(definition: JobDefinition): string[] {
  const { policy, retention } = definition;
  const { maxInstances, coalesce, misfireGraceMs, maxCatchUp, when, overlap, group } = policy;
  const fields = ["mi", `${maxInstances}`, "co", coalesce ? "1" : "0", "mc", `${maxCatchUp}`];
  fields.push("kc", `${retention.count}`, "ka", `${retention.ageMs}`);
  if (misfireGraceMs !== null) fields.push("gr", `${misfireGraceMs}`);
  if (when) fields.push("cn", conditionText(when));
  if (overlap !== "skip") fields.push("ov", overlap);
  if (group) fields.push("gk", group.key, "gl", `${group.limit}`);
  if (definition.owner !== undefined) fields.push("ow", definition.owner);
  if (policy.pauseAfterFailures !== null) fields.push("pf", `${policy.pauseAfterFailures}`);
  if (allowsFastPath(policy)) fields.push("fp", "1");
  const everyMs = plainInterval(definition);
  if (everyMs !== undefined) fields.push("iv", `${everyMs}`);
  return fields;
}

/** The answer of `read_definitions`. */
export function decodeDefinitions(
  ids: readonly string[],
  answer: unknown,
  tell: Tell,
): (StoredDefinition | undefined)[] {
  const jobs = answer as [
    text: string,
    revision: string,
    generation: string,
    all?: string,
    schedule?: string,
    skips?: readonly string[] | null,
  ][];
  return jobs.map(([text, revision, generation, all = "", schedule = "", skips], i) =>
    text === ""
      ? undefined
      : readOne(
          `definition of job "${ids[i]}"`,
          () => ({
            definition: parseDefinition(text, { id: ids[i] ?? "", declared: { all, schedule } }),
            revision: Number(revision),
            generation: Number(generation),
            skips: decodeSkips(skips ?? []),
          }),
          tell,
        ),
  );
}

/** The answer of `read_jobs`. */
export function decodeJobs(
  ids: readonly string[],
  answer: unknown,
  tell: Tell,
): (StoredJob | undefined)[] {
  const jobs = answer as [
    definition: string,
    hash?: readonly string[],
    running?: number,
    skips?: readonly string[],
  ][];
  const decode = decodePutJob(tell);
  return jobs.map(([definition, hash = [], running = 0, skips = []], i) =>
    definition === "" ? undefined : decode(ids[i] ?? "", { definition, hash, running, skips }),
  );
}

/** A job as `put_jobs` answers it. */
export interface PutJob {
  readonly definition: string;
  /** Fields and values in turns. */
  readonly hash: readonly string[];
  readonly running: number;
  /** As stored; absent if there are none. */
  readonly skips?: readonly string[];
}

/** Skips as they are stored. */
export function decodeSkips(members: readonly string[]): StoredSkip[] {
  return members.map((member) => JSON.parse(member) as StoredSkip);
}

/** Reads what {@link PutJob} says. */
export function decodePutJob(tell: Tell): (id: string, job: PutJob) => StoredJob | undefined {
  return (id, { definition, hash: flat, running, skips }) => {
    const hash: Record<string, string> = {};
    for (let i = 0; i < flat.length; i += 2) hash[flat[i] ?? ""] = flat[i + 1] ?? "";
    const read = () => decodeJob(id, definition, hash, running, skips);
    return readOne(`definition of job "${id}"`, read, tell);
  };
}

/** A number that may be absent, or stored as an empty text. */
export function optionalNumber(text: string | undefined): number | null {
  return text === undefined || text === "" ? null : Number(text);
}

function parseResult(text: string | undefined): { result?: unknown } {
  return text ? { result: readResult(text) } : {};
}

function isVerdict(text: string | undefined): text is Verdict {
  return VERDICTS.some((verdict) => verdict === text);
}

/** The field of a job's last run, made by `lastText` in `last_run.lua`. */
interface LastText extends Pick<LastRun, "fireAt" | "startedAt" | "finishedAt"> {
  readonly verdict: Verdict | undefined;
  readonly successStreak: number;
  readonly failuresInARow: number;
  readonly lastSuccessAt: EpochMs | null;
}

/** Reads the field of a job's last run. */
export function readLast(text: string | undefined): LastText | undefined {
  if (!text) return undefined;
  const [verdict, ...parts] = text.split(" ");
  const [fireAt = 0, lateMs = 0, tookMs = 0, successStreak = 0, failuresInARow = 0, ok = 0] =
    parts.map(Number);
  const startedAt = fireAt + lateMs;
  const finishedAt = startedAt + tookMs;
  return {
    verdict: isVerdict(verdict) ? verdict : undefined,
    fireAt,
    startedAt,
    finishedAt,
    successStreak,
    failuresInARow,
    // A hyphen means: the end of this run.
    lastSuccessAt: Number.isNaN(ok) ? finishedAt : ok || null,
  };
}

/** Reads the fields of the last run: id, verdict and times, result. */
export function decodeLastRun(
  id: string | undefined,
  text: string | undefined,
  result: string | undefined,
): LastRun | null {
  const last = readLast(text);
  if (!id || !last?.verdict) return null;
  const { verdict, fireAt, startedAt, finishedAt } = last;
  return { id, verdict, fireAt, startedAt, finishedAt, ...parseResult(result) };
}

/** Reads the field of the last scheduled run, made by `scheduledText` in `last_run.lua`. */
function decodeLastScheduled(text: string | undefined): LastScheduledRun | null {
  const [, verdict, fireAt, startedAt, finishedAt, id] =
    /^(\S+) (-?\d+) (-?\d+) (-?\d+) (.+)$/.exec(text ?? "") ?? [];
  if (id === undefined || !isVerdict(verdict)) return null;
  const times = { fireAt: Number(fireAt), startedAt: Number(startedAt) };
  return { id, verdict, ...times, finishedAt: Number(finishedAt) };
}

/** The verdicts that a hash counts, in its fields `c:<verdict>`. */
export function countsOf(hash: Readonly<Record<string, string>>): Partial<Record<Verdict, number>> {
  return Object.fromEntries(
    VERDICTS.flatMap((verdict) => {
      const count = hash[`c:${verdict}`];
      return count === undefined ? [] : [[verdict, Number(count)] as const];
    }),
  );
}

/** Makes a stored job from its id, its definition's text, its hash, the number of its running runs, and its skips as stored. */
export function decodeJob(
  id: string,
  definition: string,
  hash: Readonly<Record<string, string>>,
  running: number,
  skips: readonly string[] = [],
): StoredJob {
  const lastRun = decodeLastRun(hash["li"], hash["lp"], hash["lr"]);
  return {
    definition: parseDefinition(definition, {
      id,
      declared: { all: hash["da"] ?? "", schedule: hash["sc"] ?? "" },
    }),
    revision: Number(hash["rev"]),
    generation: Number(hash["gen"]),
    state: hash["st"] === "paused" || hash["st"] === "finished" ? hash["st"] : "active",
    watermark: Number(hash["w"]),
    nextFireAt: optionalNumber(hash["nf"]),
    nextDueAt: optionalNumber(hash["nd"]),
    pausedAt: optionalNumber(hash["pa"]),
    pausedReason: hash["pr"] ?? null,
    pausedUntil: optionalNumber(hash["pu"]),
    running,
    counts: countsOf(hash),
    lastRun,
    lastScheduledRun: lastScheduledOf(lastRun, decodeLastScheduled(hash["ls"])),
    skips: decodeSkips(skips),
    handedOver: hash["ho"] === undefined ? null : (JSON.parse(hash["ho"]) as HandedOver),
  };
}
