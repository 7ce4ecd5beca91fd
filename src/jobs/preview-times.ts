import { type PreviewRow, previewTrigger } from "../triggers/preview.ts";
import type { Timing } from "./definition.ts";

/** The next fire times of a job's schedule, and those that a change of the clock or a calendar drops. */
export function previewTimes(
  { trigger, timezone, calendars = {} }: Pick<Timing, "calendars" | "timezone" | "trigger">,
  { from, count }: { readonly from: Date; readonly count: number },
): PreviewRow[] {
  return previewTrigger(trigger, {
    from,
    count,
    timezone,
    calendars: new Map(Object.entries(calendars)),
  });
}
