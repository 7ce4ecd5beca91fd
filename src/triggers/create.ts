import { AndTrigger } from "./and-trigger.ts";
import { CalendarIntervalTrigger } from "./calendar-interval-trigger.ts";
import { CalendarsTrigger } from "./calendars/calendars-trigger.ts";
import type { CalendarSpec } from "./calendars/calendar-spec.ts";
import { checkCalendars, checkSpec } from "./check-input.ts";
import { CronTrigger } from "./cron/cron-trigger.ts";
import { DateTrigger } from "./date-trigger.ts";
import { IntervalTrigger } from "./interval-trigger.ts";
import { ManualTrigger } from "./manual-trigger.ts";
import { OrTrigger } from "./or-trigger.ts";
import { RruleTrigger } from "./rrule/rrule-trigger.ts";
import type { TriggerSpec } from "./spec.ts";
import type { Trigger } from "./trigger.ts";

/** Named calendars that jobs share. */
export type CalendarLookup = ReadonlyMap<string, CalendarSpec>;

/**
 * Makes the trigger of a resolved spec. Costs some microseconds; keep the trigger and query it often.
 * @param calendars The named calendars that the spec refers to.
 * @throws {@link TriggerError} `INVALID_TRIGGER` if it isn't a spec that `resolveTrigger` returned, a field can't be
 * read or a calendar is missing; `INVALID_TIMEZONE`.
 */
export function createTrigger(spec: TriggerSpec, calendars?: CalendarLookup): Trigger {
  const lookup = calendars === undefined ? undefined : checkCalendars(calendars);
  return makeTrigger(checkSpec("createTrigger", spec), lookup);
}

/** Like {@link createTrigger}, for a spec that is known to be one. */
export function makeTrigger(spec: TriggerSpec, calendars?: CalendarLookup): Trigger {
  switch (spec.kind) {
    case "cron":
      return new CronTrigger(spec);
    case "interval":
      return new IntervalTrigger(spec);
    case "date":
      return new DateTrigger(spec);
    case "calendar-interval":
      return new CalendarIntervalTrigger(spec);
    case "rrule":
      return new RruleTrigger(spec);
    case "manual":
      return new ManualTrigger(spec);
    case "or":
      return new OrTrigger(
        spec,
        spec.triggers.map((member) => makeTrigger(member, calendars)),
      );
    case "and":
      return new AndTrigger(
        spec,
        spec.triggers.map((member) => makeTrigger(member, calendars)),
      );
    case "calendars":
      return new CalendarsTrigger(spec, makeTrigger(spec.trigger, calendars), calendars);
  }
}
