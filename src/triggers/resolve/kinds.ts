import type { ScheduleTriggerKind } from "../trigger-options.ts";
import type { ResolveContext } from "./context.ts";
import { resolveRrule } from "../rrule/resolve-rrule.ts";
import { resolveCalendarInterval } from "./calendar-interval.ts";
import { resolveCron } from "./cron.ts";
import { resolveDate } from "./date.ts";
import {
  bounds,
  text,
  zoneName,
  type Fields,
  type Resolved,
  type ResolveMember,
} from "./fields.ts";
import { resolveInterval } from "./interval.ts";
import { resolveMembers } from "./members.ts";
import { resolveTimesOfDay } from "./times-of-day.ts";

/** Resolves the fields of one kind of trigger after its zod shape has accepted them. */
export function resolveKind(
  kind: ScheduleTriggerKind,
  fields: Fields,
  context: ResolveContext,
  member: ResolveMember,
): Resolved {
  // Without a start, such triggers begin now; then an end in the past is not the schedule's fault.
  const mayBeOver = fields.startDate === undefined && fields.endDate !== undefined;
  switch (kind) {
    case "cron":
      return { spec: resolveCron(fields, context), mayBeOver: false };
    case "interval":
      return { spec: resolveInterval(fields, context), mayBeOver };
    case "date":
      return { spec: resolveDate(fields, context), mayBeOver: true };
    case "calendarInterval":
      return { spec: resolveCalendarInterval(fields, context), mayBeOver };
    case "rrule": {
      const zone = zoneName(fields, context);
      return resolveRrule(text(fields, "rule") ?? "", zone, bounds(fields, context), context.now);
    }
    case "weekly":
    case "daily":
    case "monthly":
      return { spec: resolveTimesOfDay(kind, fields, context, member), mayBeOver: false };
    case "or":
    case "and":
      return { spec: resolveMembers(kind, fields, context, member), mayBeOver: kind === "or" };
  }
}
