import { z } from "zod";
import { TriggerError } from "../core/errors.ts";
import { createTrigger } from "./create.ts";
import { parseJitter } from "./jitter.ts";
import { triggerOptionShapes, type TriggerKind, type TriggerOptions } from "./options.ts";
import type { CommonOutput, ResolveContext } from "./resolve/context.ts";
import { resolveKind } from "./resolve/kinds.ts";
import type { TriggerSpec } from "./spec.ts";
import { suggest } from "../core/suggest.ts";
import { FIRST_INSTANT } from "./time/civil.ts";
import { zoneOf } from "./time/zone.ts";

export type { ResolveContext } from "./resolve/context.ts";

/** Deeper nesting of `or` and `and` is refused, so that hostile input can't exhaust the stack. */
const MAX_DEPTH = 5;
/** Triggers in one nest, so that evaluating it stays bounded. */
const MAX_TRIGGERS = 500;

const KINDS = Object.keys(triggerOptionShapes).filter((key) => key !== "common");
const commonKeys: ReadonlySet<string> = new Set(Object.keys(triggerOptionShapes.common));
const schemas = new Map<string, z.ZodType<Record<string, unknown> & CommonOutput>>(
  KINDS.map((kind) => [
    kind,
    z.strictObject({ ...triggerOptionShapes[kind as TriggerKind], ...triggerOptionShapes.common }),
  ]),
);

/** Counts the triggers of one nest. */
interface ResolveBudget {
  depth: number;
  left: number;
}

/**
 * Turns what a user wrote into a spec in which nothing depends on "now" any more: validates everything, fills in the time zone,
 * anchors intervals, replaces `H`. Jitter is checked but not part of the spec; see `parseJitter`.
 * @throws {@link TriggerError} `INVALID_TRIGGER` with field, column and value, also for a schedule that can never fire;
 * `INVALID_TIMEZONE` for an unknown zone.
 */
export function resolveTrigger(options: TriggerOptions, context: ResolveContext): TriggerSpec {
  return resolveNested(options, context, { depth: 0, left: MAX_TRIGGERS });
}

/** As {@link resolveTrigger}, for a member of another trigger. */
function resolveNested(
  options: unknown,
  context: ResolveContext,
  budget: ResolveBudget,
): TriggerSpec {
  budget.left -= 1;
  if (budget.depth > MAX_DEPTH || budget.left < 0) throw tooDeep();
  const { kind, given } = flatten(options);
  const fields = validate(kind, given);
  if (fields.timezone !== undefined) zoneOf(fields.timezone);
  if (fields.jitter !== undefined) parseJitter(fields.jitter);
  const deeper = { ...budget, depth: budget.depth + 1 };
  const resolveMember = (member: unknown, inherited: ResolveContext): TriggerSpec => {
    const spec = resolveNested(member, inherited, deeper);
    budget.left = deeper.left;
    return spec;
  };
  const { spec, mayBeOver } = resolveKind(kind, fields, context, resolveMember);
  const backwards = fields.startDate !== undefined && isBackwards(spec);
  if (backwards || (!mayBeOver && createTrigger(spec).next(FIRST_INSTANT) === undefined)) {
    throw new TriggerError(`This schedule can never fire: ${createTrigger(spec).describe()}.`, {
      field: kind,
      reason: "never-fires",
    });
  }
  return withCalendars(spec, fields.calendars);
}

/** Whether it ends before it begins. */
function isBackwards(spec: TriggerSpec): boolean {
  if (!("startAt" in spec && "endAt" in spec)) return false;
  return spec.startAt !== undefined && spec.endAt !== undefined && spec.startAt > spec.endAt;
}

function tooDeep(): TriggerError {
  const limits = `at most ${MAX_DEPTH} deep and hold at most ${MAX_TRIGGERS} others`;
  return new TriggerError(`Triggers nest ${limits}.`, { field: "triggers" });
}

function withCalendars(spec: TriggerSpec, calendars: CommonOutput["calendars"]): TriggerSpec {
  if (calendars === undefined) return spec;
  const isList = typeof calendars === "string" || Array.isArray(calendars);
  const names =
    typeof calendars === "string"
      ? [calendars]
      : Array.isArray(calendars)
        ? calendars
        : calendars.names;
  const shift = isList ? "skip" : (calendars.shift ?? "skip");
  return { kind: "calendars", trigger: spec, calendars: [...new Set(names)], shift };
}

interface Flat {
  readonly kind: TriggerKind;
  /** All fields but `trigger`; those not defined are left out. */
  readonly given: Record<string, unknown>;
}

/** Brings the ways to write a trigger into one: `trigger: "cron"` with fields beside it, an object, or a short form. */
function flatten(options: unknown, depth = 0): Flat {
  if (depth > MAX_DEPTH) throw tooDeep();
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TriggerError(
      `A trigger is an object such as { trigger: "cron", hour: 9 } or cron("0 9 * * *"), not ${printed(options)}.`,
      { field: "trigger", value: options },
    );
  }
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  );
  const { trigger, ...rest } = given;
  if (typeof trigger === "string") return { kind: kindOf(trigger), given: rest };
  if (typeof trigger === "object" && trigger !== null) {
    const stray = Object.keys(rest).find((key) => !commonKeys.has(key));
    if (stray !== undefined) {
      const hint = "Beside a trigger object only common options may stand";
      throw new TriggerError(
        `${stray}: is not allowed here. ${hint}: ${[...commonKeys].join(", ")}.`,
        { field: stray },
      );
    }
    const inner = flatten(trigger, depth + 1);
    return { kind: inner.kind, given: { ...inner.given, ...rest } };
  }
  if (trigger === undefined && Object.hasOwn(given, "weekly")) return { kind: "weekly", given };
  if (trigger === undefined && Object.hasOwn(given, "daily")) return { kind: "daily", given };
  throw new TriggerError(
    `trigger: is ${trigger === undefined ? "missing" : "no trigger"}. Give one of ${KINDS.join(", ")}, or a trigger object.`,
    { field: "trigger", value: trigger },
  );
}

function kindOf(name: string): TriggerKind {
  if (schemas.has(name)) return name as TriggerKind;
  throw new TriggerError(`trigger: ${brief(name)} is not a kind of trigger. ${hintFor(name)}`, {
    field: "trigger",
    column: 1,
    value: name,
  });
}

function hintFor(name: string): string {
  if (/[\s*@]/.test(name))
    return `For a cron expression write trigger: "cron" and expression: ${brief(name)}.`;
  const near = suggest(name, KINDS);
  return near === undefined ? `Known are ${KINDS.join(", ")}.` : `Did you mean "${near}"?`;
}

function brief(name: string): string {
  return JSON.stringify(name.slice(0, 40));
}

function validate(
  kind: TriggerKind,
  given: Record<string, unknown>,
): Record<string, unknown> & CommonOutput {
  const result = schemas.get(kind)?.safeParse(given);
  if (result?.success === true) return result.data;
  const issue = result?.error.issues[0];
  if (issue?.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const known = [...Object.keys(triggerOptionShapes[kind]), ...commonKeys];
    const near = suggest(key, known);
    const hint =
      near === undefined ? `Allowed are ${known.join(", ")}.` : `Did you mean "${near}"?`;
    throw new TriggerError(
      `${key.slice(0, 40)}: is not an option of ${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind} trigger. ${hint}`,
      {
        field: key,
      },
    );
  }
  const field = issue?.path.join(".") ?? kind;
  const name = String(issue?.path[0] ?? "");
  const shape: Readonly<Record<string, z.ZodType>> = {
    ...triggerOptionShapes[kind],
    ...triggerOptionShapes.common,
  };
  const allowed = Object.hasOwn(shape, name) ? shape[name]?.description : undefined;
  const value = Object.hasOwn(given, name) ? given[name] : undefined;
  throw new TriggerError(
    `${field}: ${printed(value)} is not allowed. Allowed: ${allowed ?? issue?.message ?? ""}.`,
    {
      field,
      column: 1,
      value,
    },
  );
}

/** A value for a message: short, and never failing on what JSON can't hold. */
function printed(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "bigint" || typeof value === "symbol" || typeof value === "function")
    return typeof value;
  try {
    return (JSON.stringify(value) ?? "undefined").slice(0, 80);
  } catch {
    return "an object that is not JSON";
  }
}
