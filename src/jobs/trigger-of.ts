import { makeTrigger } from "../triggers/create.ts";
import type { Trigger } from "../triggers/trigger.ts";
import type { Timing } from "./definition.ts";

/** The trigger of a job, with the calendars that it had when it was declared. */
export function triggerOf({
  trigger,
  calendars = {},
}: Pick<Timing, "calendars" | "trigger">): Trigger {
  return makeTrigger(trigger, new Map(Object.entries(calendars)));
}
