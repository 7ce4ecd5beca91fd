import { TriggerError } from "../../core/errors.ts";
import { shown, shownUpTo } from "../../core/shown.ts";
import { translationOf } from "../cron/foreign-cron.ts";
import { suggest } from "../../core/suggest.ts";
import { type TriggerKind, triggerOptionShapes } from "../option-shapes.ts";
import type { ScheduleTriggerKind } from "../trigger-options.ts";
import { COMMON_OPTIONS, isTriggerKind, KINDS } from "./shape.ts";

/** Deeper nesting of `or` and `and` is rejected, so that hostile input can't exhaust the stack. */
export const MAX_DEPTH = 5;
/** Most triggers in one definition, so that evaluating it stays bounded. */
export const MAX_TRIGGERS = 500;

/** A trigger with its kind and fields separated, however it was written. */
export interface Flat {
  readonly kind: TriggerKind;
  /** All fields except `trigger`. */
  readonly given: Record<string, unknown>;
}

/** One with fire times of its own. */
export type ScheduleFlat = Flat & { readonly kind: ScheduleTriggerKind };

/** Normalises the ways to write a trigger: `trigger: "cron"` with fields beside it, an object, or a short form. */
export function flatten(options: unknown, depth = 0): Flat {
  if (depth > MAX_DEPTH) throw tooDeep();
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TriggerError(
      `A trigger is an object such as { trigger: "cron", hour: 9 } or trigger.cron("0 9 * * *"), not ${shown(options)}.`,
      { field: "trigger", value: options },
    );
  }
  const given = options as Readonly<Record<string, unknown>>;
  const { trigger, ...rest } = given;
  if (typeof trigger === "string") return { kind: kindOf(trigger), given: rest };
  if (typeof trigger === "object" && trigger !== null) {
    const stray = Object.keys(rest).find((key) => !COMMON_OPTIONS.has(key));
    if (stray !== undefined) {
      const hint = "Only common options can be combined with a trigger object";
      throw new TriggerError(
        `${stray}: is not allowed here. ${hint}: ${[...COMMON_OPTIONS].join(", ")}.`,
        { field: stray },
      );
    }
    const inner = flatten(trigger, depth + 1);
    const beside = Object.entries(rest).filter(([, value]) => value !== undefined);
    return { kind: inner.kind, given: { ...inner.given, ...Object.fromEntries(beside) } };
  }
  if (trigger === undefined && Object.hasOwn(rest, "weekly"))
    return { kind: "weekly", given: rest };
  if (trigger === undefined && Object.hasOwn(rest, "monthly"))
    return { kind: "monthly", given: rest };
  if (trigger === undefined && Object.hasOwn(rest, "daily")) return { kind: "daily", given: rest };
  const likely = trigger === undefined ? kindWith(Object.keys(rest)) : undefined;
  const hint = likely
    ? `Did you mean trigger: "${likely}"?`
    : `Give one of ${KINDS.join(", ")}, or a trigger object; for a job that runs only on request, trigger: "manual".`;
  throw new TriggerError(
    `trigger: is ${trigger === undefined ? "missing" : "not a trigger"}. ${hint}`,
    {
      field: "trigger",
      value: trigger,
      ...(likely ? { suggestion: likely } : {}),
    },
  );
}

/** The first kind of trigger that has all these fields. */
function kindWith(names: readonly string[]): TriggerKind | undefined {
  const own = names.filter((name) => !COMMON_OPTIONS.has(name));
  if (own.length === 0) return undefined;
  return KINDS.filter(isTriggerKind).find((kind) =>
    own.every((name) => Object.hasOwn(triggerOptionShapes[kind], name)),
  );
}

function kindOf(name: string): TriggerKind {
  if (isTriggerKind(name)) return name;
  throw new TriggerError(`trigger: ${brief(name)} is not a kind of trigger. ${hintFor(name)}`, {
    field: "trigger",
    column: 1,
    value: name,
  });
}

/** Matches starts that no cron expression has: a word followed by another, or a date. */
const IN_WORDS = /^\s*(?:[a-z]{2,}\s|\d{4}-|\d+\/\d+\/)/i;

function hintFor(name: string): string {
  const foreign = translationOf(name);
  if (foreign !== undefined) return foreign.hint;
  if (IN_WORDS.test(name))
    return `For a schedule in words, write trigger: parseSchedule(${brief(name)}), or schedule(${brief(name)}, pipeline).`;
  if (/[\s*@]/.test(name))
    return `For a cron expression, write trigger: "cron" and expression: ${brief(name)}.`;
  const near = suggest(name, KINDS);
  return near === undefined ? `Known kinds: ${KINDS.join(", ")}.` : `Did you mean "${near}"?`;
}

function brief(name: string): string {
  return shownUpTo(40, name);
}

/** Like {@link flatten}, for a member of another trigger. @throws {@link TriggerError} for one without fire times. */
export function flattenMember(options: unknown, place: number): ScheduleFlat {
  const { kind, given } = flatten(options);
  if (kind !== "manual") return { kind, given };
  const field = `triggers.${place}`;
  throw new TriggerError(
    `${field}: trigger: "manual" never fires, so it can't be a member of "or" or "and". Leave it out: runJob can run any job, whatever its schedule.`,
    { field, value: options },
  );
}

/** The error for a trigger with too many or too deeply nested members. */
export function tooDeep(): TriggerError {
  const limits = `at most ${MAX_DEPTH} levels deep, and contain at most ${MAX_TRIGGERS} others`;
  return new TriggerError(`Triggers can be nested ${limits}.`, { field: "triggers" });
}
