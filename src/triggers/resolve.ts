import { TriggerError } from "../core/errors.ts";
import { checkContext } from "./check-input.ts";
import { makeTrigger } from "./create.ts";
import { parseJitter } from "./jitter.ts";
import type { ScheduleTriggerKind, TriggerOptions } from "./trigger-options.ts";
import type { CommonOutput, ResolveContext } from "./resolve/context.ts";
import { readEvery } from "./natural/phrase.ts";
import { type Fields, rejectBeside, type ResolveMember, zoneName } from "./resolve/fields.ts";
import { resolveKind } from "./resolve/kinds.ts";
import {
  type Flat,
  flatten,
  flattenMember,
  MAX_DEPTH,
  MAX_TRIGGERS,
  type ScheduleFlat,
  tooDeep,
} from "./resolve/flatten.ts";
import { checkShape, COMMON_OPTIONS } from "./resolve/shape.ts";
import type { ManualSpec, ScheduleSpec, TriggerSpec } from "./spec.ts";
import { FIRST_INSTANT } from "./time/civil.ts";
import { zoneOf } from "./time/zone.ts";

export type { ResolveContext } from "./resolve/context.ts";

/** Limits how many triggers one definition may contain. */
interface ResolveBudget {
  depth: number;
  left: number;
}

/**
 * Turns a trigger as users write it into a spec that no longer depends on "now": validates everything, fills in the
 * time zone, anchors intervals and replaces `H`. Jitter is validated, but is not part of the spec; see `parseJitter`.
 * @throws {@link TriggerError} `INVALID_TRIGGER` with field, column and value, also for a schedule that can never fire;
 * `INVALID_TIMEZONE` for an unknown zone.
 */
export function resolveTrigger(options: TriggerOptions, context: ResolveContext): TriggerSpec {
  checkContext(context);
  const { kind, given } = flatten(options);
  if (kind === "manual") return resolveManual(given, context);
  return resolveNested({ kind, given }, context, { depth: 0, left: MAX_TRIGGERS });
}

function resolveManual(given: Flat["given"], context: ResolveContext): ManualSpec {
  return { kind: "manual", timezone: zoneName(checkShape("manual", given), context) };
}

/** Like {@link resolveTrigger}, also for a member of another trigger. */
function resolveNested(
  flat: ScheduleFlat,
  context: ResolveContext,
  budget: ResolveBudget,
): ScheduleSpec {
  budget.left -= 1;
  if (budget.depth > MAX_DEPTH || budget.left < 0) throw tooDeep();
  const { kind, fields } = withMeantKind(flat);
  if (fields.timezone !== undefined) zoneOf(fields.timezone);
  if (fields.jitter !== undefined) parseJitter(fields.jitter);
  const deeper = { ...budget, depth: budget.depth + 1 };
  const resolveMember: ResolveMember = (member, inherited, place) => {
    const spec = resolveNested(flattenMember(member, place), inherited, deeper);
    budget.left = deeper.left;
    return spec;
  };
  const { spec, mayBeOver } = resolveKind(kind, fields, context, resolveMember);
  const endsFirst = fields.startDate !== undefined && isBackwards(spec);
  if (endsFirst || (!mayBeOver && makeTrigger(spec).next(FIRST_INSTANT) === undefined)) {
    throw new TriggerError(`This schedule can never fire: ${makeTrigger(spec).describe()}.`, {
      field: kind,
      reason: "never-fires",
    });
  }
  return withCalendars(spec, fields.calendars);
}

/** Whether it ends before it begins. */
function isBackwards(spec: ScheduleSpec): boolean {
  if (!("startAt" in spec && "endAt" in spec)) return false;
  return spec.startAt !== undefined && spec.endAt !== undefined && spec.startAt > spec.endAt;
}

/** Checks the fields, and turns `every: "2 months"` or `every: "monday at 9am"` into the kind that it means. */
function withMeantKind({ kind, given }: ScheduleFlat): {
  kind: ScheduleTriggerKind;
  fields: Fields;
} {
  const fields = checkShape(kind, given);
  const { every, ...rest } = fields;
  const read = kind === "interval" && typeof every === "string" ? readEvery(every) : undefined;
  if (read === undefined || read.trigger === "interval") return { kind, fields };
  const clash = Object.keys(rest).find((key) => !COMMON_OPTIONS.has(key));
  if (clash !== undefined) rejectBeside(clash, "every");
  const { trigger, ...meant } = read;
  return { kind: trigger, fields: checkShape(trigger, { ...rest, ...meant }) };
}

function withCalendars(spec: ScheduleSpec, calendars: CommonOutput["calendars"]): ScheduleSpec {
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
