import { TriggerError } from "../../core/errors.ts";
import { shownUpTo } from "../../core/shown.ts";

/**
 * Reads a local time of day: `09:00`, `17:30:15`, `9am`, `5:30 pm`, `noon`, `midnight`.
 * @returns Milliseconds since midnight.
 * @throws {@link TriggerError} `INVALID_TRIGGER` with the option's name as field.
 */
export function parseTimeOfDay(text: string, field: string): number {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === "noon") return 12 * 3_600_000;
  if (trimmed === "midnight") return 0;
  const match = /^(\d{1,2})(?::(\d{2}))?(?::(\d{2}))? ?(am|pm)?$/.exec(trimmed);
  const [hour, minute, second] = [
    Number(match?.[1]),
    Number(match?.[2] ?? 0),
    Number(match?.[3] ?? 0),
  ];
  const half = match?.[4];
  const hourFits = half === undefined ? hour <= 23 : hour >= 1 && hour <= 12;
  if (
    !match ||
    (half === undefined && match[2] === undefined) ||
    !hourFits ||
    minute > 59 ||
    second > 59
  ) {
    throw new TriggerError(
      `${field}: ${shownUpTo(40, text)} is not a time of day. Write it like "09:00", "17:30:15" or "9am".`,
      { field, column: 1, value: text },
    );
  }
  const hour24 = half === undefined ? hour : (hour % 12) + (half === "pm" ? 12 : 0);
  return ((hour24 * 60 + minute) * 60 + second) * 1000;
}
