import fc from "fast-check";

/** Options of a job as files have them, all of them valid together. */
export const rulesInFiles = fc.record(
  {
    description: fc.string({ unit: "grapheme", maxLength: 40 }),
    tags: fc.array(fc.constantFrom("billing", "etl", "a b"), { maxLength: 3 }),
    queue: fc.constantFrom("reports", "windows"),
    max_instances: fc.integer({ min: 1, max: 10_000 }),
    coalesce: fc.boolean(),
    misfire_grace_time: fc.oneof(fc.integer({ min: 1, max: 9_999 }), fc.constant("5m")),
    max_catch_up: fc.integer({ min: 1, max: 10_000 }),
    condition: fc.constantFrom("a.last_run_successful", "not b.running"),
    overlap: fc.constantFrom("skip", "queue-one", "queue-all", "cancel-running"),
    concurrency_group: fc.record({
      key: fc.string({ minLength: 1, maxLength: 9 }),
      limit: fc.integer({ min: 1, max: 9 }),
    }),
    retry: fc.oneof(
      fc.integer({ min: 2, max: 9 }),
      fc.record({ attempts: fc.integer({ min: 2, max: 9 }), max_delay: fc.constant("1h") }),
    ),
    timeout: fc.constantFrom("10m", 90),
    logs: fc.record({ max_bytes: fc.integer({ min: 0, max: 9_999 }) }),
    lockable: fc.boolean(),
    retention: fc.record({ count: fc.integer({ min: 1, max: 99 }), age: fc.constant("9d") }),
    timezone: fc.constantFrom("Europe/Berlin", "UTC"),
    jitter: fc.constantFrom("30s", 5),
  },
  { requiredKeys: [] },
);

/** Ways to say when, and what they are for `addJob`. */
export const schedules = fc.constantFrom(
  [{ schedule: "0 9 * * 1-5" }, { trigger: "cron", expression: "0 9 * * 1-5" }],
  [{ schedule: "2026-12-25 09:00" }, { trigger: "date", runDate: "2026-12-25 09:00" }],
  [
    { schedule_type: "interval", interval_seconds: 90 },
    { trigger: "interval", seconds: 90 },
  ],
  [
    { trigger: "cron", day_of_week: "mon", hour: 3 },
    { trigger: "cron", dayOfWeek: "mon", hour: 3 },
  ],
  [
    { schedule_type: "weekly", weekly: ["mon"], at: "09:00" },
    { trigger: "weekly", weekly: ["mon"], at: "09:00" },
  ],
  [
    { schedule_type: "calendar_interval", months: 1 },
    { trigger: "calendarInterval", months: 1 },
  ],
  [{ schedule_type: "manual" }, { trigger: "manual" }],
) as fc.Arbitrary<[Record<string, unknown>, Record<string, unknown>]>;

/** Names and values as `addJob` has them. */
export function asOptions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asOptions);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
      asOptions(inner),
    ]),
  );
}
