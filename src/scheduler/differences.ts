import { isDeepStrictEqual } from "node:util";
import { conditionText, printSpan } from "../conditions/print.ts";
import { type Difference, SECRET_TEXT } from "../core/difference.ts";
import { shown } from "../core/shown.ts";
import type { JobDefinition, JobOverrides, OverrideMark, Policy } from "../jobs/definition.ts";
import type { FieldChange } from "../jobs/noted-change.ts";
import { declaredDefinition, OVERRIDE_PARTS } from "../jobs/overrides.ts";
import { queueOf } from "../jobs/queue.ts";
import { Schedule } from "../jobs/schedule.ts";
import { joinPaths } from "../pipeline/secrets/secret-places.ts";
import { KEYS, MASK, mask, type SecretPath } from "../pipeline/secrets/secret-paths.ts";
import type { Jitter } from "../triggers/jitter.ts";
import { compareSchedules, type Declaration, isDeclaredPaused } from "./declaration.ts";

/** At most this many differences are listed. */
const MOST = 50;

/**
 * What a declaration would change about the stored job, in the user's notation; at most 50 differences. Neither the
 * time of declaration nor the spelling counts: `60` and `"60s"` are equal.
 */
export function differencesOf(found: JobDefinition, declaration: Declaration): Difference[] {
  // What somebody overrides is not what was declared.
  const stored = declaredDefinition(found);
  const fresh: JobDefinition = {
    ...declaration.definition,
    ...declaration.timingAt(stored.createdAt),
  };
  // A schedule that is declared as before stays, even if `modifyJob` has changed it since.
  const { isSame } = compareSchedules(stored, fresh);
  const [before, after] = isSame ? [{}, {}] : schedulesAsWritten(stored, fresh);
  const all = [
    ...compare(
      { ...rulesAsWritten(stored), ...before },
      { ...rulesAsWritten(fresh), ...after },
      joinPaths(stored.secrets, fresh.secrets),
    ),
    ...pausedDifference(stored, fresh),
    ...markDifferences(stored.secrets, fresh.secrets),
  ];
  return all.slice(0, MOST);
}

/**
 * What a change gives other values, in the user's notation; at most 50 fields. What is declared below overrides is told
 * where it is not what is in effect.
 */
export function changedFields(old: JobDefinition, fresh: JobDefinition): FieldChange[] {
  const found = changesBetween(old, fresh);
  if (old.overrides || fresh.overrides) {
    const seen = new Set(found.map(({ field }) => field));
    const below = changesBetween(declaredDefinition(old), declaredDefinition(fresh));
    const unseen = below.filter(({ field }) => !seen.has(field));
    for (const { field, stored, declared } of unseen)
      found.push({ field: `declared.${field}`, stored, declared });
    found.push(...overrideDifferences(old.overrides, fresh.overrides));
  }
  return found.slice(0, MOST).map(({ field, stored: from, declared: to }) => ({ field, from, to }));
}

function changesBetween(old: JobDefinition, fresh: JobDefinition): Difference[] {
  const [before, after] = schedulesAsWritten(old, fresh);
  return [
    ...compare(
      { ...rulesAsWritten(old), ...before },
      { ...rulesAsWritten(fresh), ...after },
      joinPaths(old.secrets, fresh.secrets),
    ),
    ...markDifferences(old.secrets, fresh.secrets),
  ];
}

function overrideDifferences(old: JobOverrides = {}, fresh: JobOverrides = {}): Difference[] {
  return OVERRIDE_PARTS.flatMap((name) => {
    const [stored, declared] = [overrideText(old[name]), overrideText(fresh[name])];
    return stored === declared ? [] : [{ field: `overrides.${name}`, stored, declared }];
  });
}

function overrideText(mark: OverrideMark | undefined): string {
  if (!mark) return "not set";
  const end = mark.until === undefined ? "" : ` until ${instant(mark.until)}`;
  return `by ${mark.by.kind} ${mark.by.id} at ${instant(mark.at)}${end}`;
}

function pausedDifference(stored: JobDefinition, fresh: JobDefinition): Difference[] {
  const [before, after] = [isDeclaredPaused(stored), isDeclaredPaused(fresh)];
  if (before === after) return [];
  const text = (isPaused: boolean): string => (isPaused ? "null (paused)" : "not null");
  return [{ field: "nextRunTime", stored: text(before), declared: text(after) }];
}

function markDifferences(stored: readonly SecretPath[], fresh: readonly SecretPath[]) {
  const texts = (paths: readonly SecretPath[]): Set<string> =>
    new Set(paths.map((path) => ["params", ...path].join(".")));
  const [before, after] = [texts(stored), texts(fresh)];
  const all = [...new Set([...before, ...after])];
  const mark = (isMarked: boolean): string => (isMarked ? "marked as secret" : "not marked");
  return all
    .filter((path) => before.has(path) !== after.has(path))
    .map((path) => ({
      field: path,
      stored: mark(before.has(path)),
      declared: mark(after.has(path)),
    }));
}

type Written = Readonly<Record<string, unknown>>;

function rulesAsWritten(definition: JobDefinition): Written {
  const { policy, retention, logs } = definition;
  return {
    pipeline: definition.pipeline,
    queue: queueOf(definition),
    description: definition.description,
    lockable: definition.lockable ?? true,
    owner: definition.owner,
    source: definition.source,
    tags: definition.tags,
    params: definition.params,
    ...policyAsWritten(policy),
    retention: { count: retention.count, age: printSpan(retention.ageMs) },
    logs: { maxBytes: logs.maxBytes, runs: logs.runs, age: printSpan(logs.ageMs) },
  };
}

function policyAsWritten(policy: Policy): Written {
  const { maxInstances, coalesce, maxCatchUp, overlap, pauseAfterFailures } = policy;
  const { misfireGraceMs, when, retry, timeoutMs } = policy;
  return {
    maxInstances,
    coalesce,
    misfireGraceTime: span(misfireGraceMs),
    maxCatchUp,
    condition: when && conditionText(when.condition),
    conditionPolicy: when && (when.waitMs === null ? "skip" : { wait: printSpan(when.waitMs) }),
    overlap,
    concurrencyGroup: policy.group,
    retry: retry && {
      attempts: retry.attempts,
      backoff: retry.backoff,
      delay: printSpan(retry.delayMs),
      maxDelay: printSpan(retry.maxDelayMs),
      jitter: retry.jitter,
    },
    pauseAfterFailures,
    timeout: span(timeoutMs),
    isolate: policy.isolate === "process" ? "process" : null,
  };
}

function span(ms: number | null): string | null {
  return ms === null ? null : printSpan(ms);
}

/** Both triggers in words, or by their parts where the words are equal. */
function schedulesAsWritten(stored: JobDefinition, fresh: JobDefinition): [Written, Written] {
  const [before, after] = [stored, fresh].map((one) => new Schedule(one).trigger.describe());
  const isSaid = before !== after;
  const write = (definition: JobDefinition, words: string | undefined): Written => ({
    trigger: isSaid ? words : withInstants(definition.trigger),
    timezone: definition.timezone,
    calendars: definition.calendars,
    jitter: definition.jitter && jitterAsWritten(definition.jitter),
    nextRunTime: definition.firstRunAt === null ? null : instant(definition.firstRunAt),
  });
  return [write(stored, before), write(fresh, after)];
}

function jitterAsWritten(jitter: Jitter): string | null {
  if (jitter.kind === "percent") return `${jitter.percent}%`;
  return jitter.ms === 0 ? null : printSpan(jitter.ms);
}

function instant(at: number): string {
  return new Date(at).toISOString();
}

/** A trigger's parts, with readable instants. */
function withInstants(spec: unknown): unknown {
  return JSON.parse(
    JSON.stringify(spec, (key, value: unknown) =>
      key.endsWith("At") && typeof value === "number" ? instant(value) : value,
    ),
  ) as unknown;
}

function compare(
  stored: Written,
  fresh: Written,
  secrets: readonly SecretPath[],
): Iterable<Difference> {
  const paths = secrets.map((path) => {
    const keys = path.indexOf(KEYS);
    // An object with secret keys can't be compared part by part in public.
    return ["params", ...(keys === -1 ? path : path.slice(0, keys))];
  });
  const side = (written: Written): Side => {
    const value = JSON.parse(JSON.stringify(written)) as unknown;
    return { value, masked: mask(value, paths) };
  };
  return differ(side(stored), side(fresh), "");
}

/** One side's value, and its masked form. */
interface Side {
  readonly value: unknown;
  readonly masked: unknown;
}

function* differ(stored: Side, fresh: Side, field: string): Generator<Difference> {
  if (isDeepStrictEqual(stored.value, fresh.value)) return;
  if (stored.masked === MASK || fresh.masked === MASK) {
    yield { field, stored: SECRET_TEXT, declared: SECRET_TEXT };
  } else if (isTree(stored.value) && isTree(fresh.value)) {
    for (const key of new Set([...Object.keys(stored.value), ...Object.keys(fresh.value)]))
      yield* differ(part(stored, key), part(fresh, key), field === "" ? key : `${field}.${key}`);
  } else {
    yield { field, stored: told(stored.masked), declared: told(fresh.masked) };
  }
}

function part({ value, masked }: Side, key: string): Side {
  return { value: own(value, key), masked: own(masked, key) };
}

function own(tree: unknown, key: string): unknown {
  return isTree(tree) && Object.hasOwn(tree, key) ? (tree as Written)[key] : undefined;
}

function isTree(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function told(value: unknown): string {
  return value === undefined ? "not set" : shown(value);
}
