import type { CronSpec } from "../spec.ts";

/** A cron schedule in plain words, with its zone. */
export function describeCron(spec: CronSpec): string {
  const { second, minute, hour, day, month, dayOfWeek } = spec.fields;
  return `${second} ${minute} ${hour} ${day} ${month} ${dayOfWeek} (${spec.timezone})`;
}
