import { isDeepStrictEqual } from "node:util";
import { conditionText, printSpan } from "../../conditions/print.ts";
import { iso } from "../../core/iso.ts";
import type { JobDefinition, StoredJob } from "../../jobs/definition.ts";
import { jobOptionsSchema } from "../../jobs/options.ts";
import { declaredDefinition, OVERRIDE_PARTS } from "../../jobs/overrides.ts";
import { mask, type SecretPath } from "../../pipeline/secrets/secret-paths.ts";
import { rulesOf } from "../../scheduler/declaration.ts";
import type { ExportedJob } from "./job-text.ts";
import { triggerFields } from "./trigger-fields.ts";

/** The rules of a job that says nothing of them. */
const USUAL = rulesOf(jobOptionsSchema.parse({}), undefined);

/**
 * A stored job as a file says it, by what is declared; what is overridden is noted.
 * @param secrets Where its params have secrets.
 */
export function jobFields(stored: StoredJob, secrets: readonly SecretPath[]): ExportedJob {
  const definition = declaredDefinition(stored.definition);
  const { id, pipeline, params, trigger, jitter, firstRunAt } = definition;
  const timing = triggerFields(trigger);
  const notes = notesOf(stored);
  if (!timing) notes.push("The schedule can't be written as options, and is left out.");
  if (secrets.length > 0) notes.push("Secret params are masked.");
  const options = {
    ...timing,
    ...(jitter === null
      ? {}
      : { jitter: jitter.kind === "percent" ? `${jitter.percent}%` : printSpan(jitter.ms) }),
    ...(isPaused(stored) ? { nextRunTime: null } : {}),
    ...(firstRunAt !== null && !isPaused(stored) ? { nextRunTime: iso(firstRunAt) } : {}),
    ...ownRules(definition),
  };
  const shown = secrets.length === 0 ? params : mask(params, secrets);
  const isExact = timing !== undefined && secrets.length === 0;
  return { id, pipeline, params: shown ?? undefined, options, notes, isExact };
}

/** Whether it is declared paused; a pause until a time ends by itself. */
function isPaused({ state, pausedUntil, definition }: StoredJob): boolean {
  const { paused } = definition.overrides ?? {};
  if (paused) return paused.declared !== null && paused.declared.until === undefined;
  return state === "paused" && pausedUntil === null;
}

function notesOf({ definition }: StoredJob): string[] {
  const overrides = definition.overrides ?? {};
  return OVERRIDE_PARTS.flatMap((part) => {
    const mark = overrides[part];
    if (!mark) return [];
    const until = mark.until === undefined ? "" : ` until ${iso(mark.until)}`;
    const why = mark.by.note === undefined ? "" : `: ${mark.by.note}`;
    return [
      `${part} is overridden by ${mark.by.kind} ${mark.by.id}${until}${why}. Here is what is declared.`,
    ];
  });
}

/** The rules that are not the usual ones, as `addJob` takes them. */
function ownRules(definition: JobDefinition): Record<string, unknown> {
  const { policy, retention, logs, tags, queue, description, owner, lockable } = definition;
  const { when, group, retry } = policy;
  const { policy: usual } = USUAL;
  const isOther = (name: keyof typeof policy): boolean => policy[name] !== usual[name];
  return {
    ...(description === undefined ? {} : { description }),
    ...(owner === undefined ? {} : { owner }),
    ...(tags.length > 0 && { tags: [...tags] }),
    ...(queue === undefined ? {} : { queue }),
    ...(isOther("maxInstances") && { maxInstances: policy.maxInstances }),
    ...(isOther("coalesce") && { coalesce: policy.coalesce }),
    ...(policy.misfireGraceMs !== null && { misfireGraceTime: printSpan(policy.misfireGraceMs) }),
    ...(isOther("maxCatchUp") && { maxCatchUp: policy.maxCatchUp }),
    ...(when && { condition: conditionText(when.condition) }),
    ...(when && when.waitMs !== null && { conditionPolicy: { wait: printSpan(when.waitMs) } }),
    ...(isOther("overlap") && { overlap: policy.overlap }),
    ...(group && { concurrencyGroup: { key: group.key, limit: group.limit } }),
    ...(retry && {
      retry: {
        attempts: retry.attempts,
        backoff: retry.backoff,
        delay: printSpan(retry.delayMs),
        maxDelay: printSpan(retry.maxDelayMs),
        jitter: retry.jitter,
      },
    }),
    ...(policy.pauseAfterFailures !== null && { pauseAfterFailures: policy.pauseAfterFailures }),
    ...(policy.timeoutMs !== null && { timeout: printSpan(policy.timeoutMs) }),
    ...(policy.isolate === "process" && { isolate: "process" }),
    ...(isDeepStrictEqual(logs, USUAL.logs)
      ? {}
      : { logs: { maxBytes: logs.maxBytes, runs: logs.runs, age: printSpan(logs.ageMs) } }),
    ...(isDeepStrictEqual(retention, USUAL.retention)
      ? {}
      : { retention: { count: retention.count, age: printSpan(retention.ageMs) } }),
    ...(lockable === false && { lockable: false }),
  };
}
