import type { EpochMs } from "./clock.ts";

/** An instant in UTC, ISO 8601 with milliseconds. */
export function iso(at: EpochMs): string {
  return new Date(at).toISOString();
}
