import { parseDuration } from "../../core/durations.ts";
import { type CalendarSpan, parseCalendarSpan } from "./calendar-span.ts";

/** A length of time, in calendar units or elapsed. */
export type Span =
  | { readonly kind: "calendar"; readonly calendar: CalendarSpan }
  /** `text` is readable by `parseDuration`. */
  | { readonly kind: "elapsed"; readonly text: string };

/**
 * Reads a length of time, wherever one is expected: `30 minutes`, `PT15M`, `an hour`, `week` (one of them), `2 months`,
 * `P1M`. With years or months in it, it counts in calendar units.
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

/** Adds the number that `hour` (in "every hour") and `an hour` imply. */
function countedSpan(text: string): string {
  const trimmed = text.trim();
  if (/^p(?:\d|t)/i.test(trimmed)) return trimmed;
  const numbered = trimmed.replaceAll(/\ban?\s+(?=[a-z])/gi, "1 ");
  return /^[a-z]/i.test(numbered) ? `1 ${numbered}` : numbered;
}
