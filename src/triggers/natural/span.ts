import { parseDuration } from "../../core/durations.ts";
import { type CalendarSpan, parseCalendarSpan } from "./calendar-span.ts";

/** A length of time: on the calendar, or elapsed. */
export type Span =
  | { readonly kind: "calendar"; readonly calendar: CalendarSpan }
  /** `text` is one that `parseDuration` reads. */
  | { readonly kind: "elapsed"; readonly text: string };

/**
 * Reads a length of time wherever one is wanted: `30 minutes`, `PT15M`, `an hour`, `week` (one of it), `2 months`, `P1M`. With years
 * or months in it, it is one on the calendar.
 * @returns `undefined` for anything else.
 */
export function readSpan(text: string): Span | undefined {
  const counted = countedSpan(text);
  const calendar = parseCalendarSpan(counted);
  if (calendar !== undefined) return { kind: "calendar", calendar };
  try {
    parseDuration(counted);
    return { kind: "elapsed", text: counted };
  } catch {
    return undefined;
  }
}

/** `hour`, as in "every hour", and `an hour` are one of it. */
function countedSpan(text: string): string {
  const trimmed = text.trim();
  if (/^p(?:\d|t)/i.test(trimmed)) return trimmed;
  const numbered = trimmed.replaceAll(/\ban?\s+(?=[a-z])/gi, "1 ");
  return /^[a-z]/i.test(numbered) ? `1 ${numbered}` : numbered;
}
