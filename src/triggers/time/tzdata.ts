/** The version of the time zone data that this process computes with, such as `2026a`. */
export const TZDATA: string = process.versions["tz"] ?? "unknown";
