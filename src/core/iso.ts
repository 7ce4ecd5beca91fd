import type { EpochMs } from "./clock.ts";

/** An instant in UTC, ISO 8601 with milliseconds. */
export function iso(at: EpochMs): string {
  return new Date(at).toISOString();
}

/** The same of a time that may be absent, as JSON has it. */
export function isoOrNull(time: Date | null | undefined): string | null {
  return time?.toISOString() ?? null;
}
