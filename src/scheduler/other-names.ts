/** An option's name in other schedulers, our name for it, and our notation where that differs. */
interface OtherName {
  readonly meant: string;
  readonly how?: string;
}

const CRON: OtherName = {
  meant: "trigger",
  how: 'trigger: trigger.cron("0 9 * * *"), or trigger: "cron" with hour, minute, … beside it',
};
const PARAMS: OtherName = { meant: "params", how: "params: { … }, one object of JSON" };
const RETRY: OtherName = { meant: "retry", how: "retry: 3, attempts in all" };
const ZONE: OtherName = { meant: "timezone" };

/** Names from other schedulers, and obvious guesses: too different from ours to count as typos. */
const OTHER_NAMES: ReadonlyMap<string, OtherName> = new Map([
  ...["tz", "zone", "tzinfo", "timeZone"].map((name) => [name, ZONE] as const),
  ...["retries", "attempts", "maxRetries", "maxAttempts"].map((name) => [name, RETRY] as const),
  ...["args", "kwargs", "data", "payload", "input", "arguments", "parameters"].map(
    (name) => [name, PARAMS] as const,
  ),
  ...["cron", "crontab"].map((name) => [name, CRON] as const),
  [
    "schedule",
    { meant: "trigger", how: 'trigger: trigger.cron("…"), …, or schedule(text, pipeline)' },
  ],
  ["pattern", { meant: "expression" }],
  ["name", { meant: "id", how: "description is for people" }],
  ["jobId", { meant: "id" }],
  ["executor", { meant: "queue", how: "workers serve queues" }],
  ["jobstore", { meant: "queue", how: "all jobs are where the scheduler's connection is" }],
  ["interval", { meant: "every", how: 'trigger: "interval" with every: "5m", or minutes: 5' }],
  ["delay", { meant: "in", how: 'trigger: "date" with in: "10 minutes"' }],
  ["when", { meant: "runDate" }],
  ["runAt", { meant: "runDate" }],
  ["startTime", { meant: "startDate" }],
  ["endTime", { meant: "endDate" }],
  ["concurrency", { meant: "maxInstances" }],
  ["grace", { meant: "misfireGraceTime" }],
  ["paused", { meant: "nextRunTime", how: "nextRunTime: null adds a job paused" }],
]);

/** The option that an unknown name probably means. */
export function otherName(name: string): OtherName | undefined {
  return OTHER_NAMES.get(name);
}
