/** Calendar steps; an absent one is 0. */
export interface CalendarSpan {
  years?: number;
  months?: number;
  weeks?: number;
  days?: number;
}

const UNITS: Readonly<Record<string, keyof CalendarSpan>> = {
  y: "years",
  mo: "months",
  w: "weeks",
  d: "days",
};
const MAX_TEXT = 100;

/**
 * Reads a span that contains years or months, such as `2 months`, `1 year and 6 months` or `P1M`.
 * @returns `undefined` for anything else: a span without them is a duration.
 */
export function parseCalendarSpan(text: string): CalendarSpan | undefined {
  const trimmed = text.trim().toLowerCase();
  if (trimmed.length > MAX_TEXT) return undefined;
  const iso = /^p(?=.*[ym])(?:(\d{1,4})y)?(?:(\d{1,5})m)?(?:(\d{1,5})w)?(?:(\d{1,5})d)?$/.exec(
    trimmed,
  );
  if (iso)
    return spanOf(
      ["years", "months", "weeks", "days"].map((unit, i) => [
        unit as keyof CalendarSpan,
        Number(iso[i + 1] ?? 0),
      ]),
    );
  const parts = trimmed.split(/\s*,\s*|\s+and\s+/).map((part) => {
    const match = /^(?:(\d{1,5})\s*)?(y|years?|mo|months?|w|weeks?|d|days?)$/.exec(part);
    const unit = UNITS[match?.[2]?.startsWith("mo") === true ? "mo" : (match?.[2]?.[0] ?? "")];
    return unit === undefined ? undefined : ([unit, Number(match?.[1] ?? 1)] as const);
  });
  if (!parts.some((part) => part?.[0] === "years" || part?.[0] === "months")) return undefined;
  return parts.every((part) => part !== undefined) ? spanOf(parts) : undefined;
}

function spanOf(parts: readonly (readonly [keyof CalendarSpan, number])[]): CalendarSpan {
  const span: CalendarSpan = {};
  for (const [unit, n] of parts) if (n > 0) span[unit] = (span[unit] ?? 0) + n;
  return span;
}
