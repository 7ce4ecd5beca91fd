import { WEEKDAY_NAMES } from "../../triggers/cron/field-names.ts";
import type { TriggerSpec } from "../../triggers/spec.ts";
import { typedSchedule } from "./schedule-config.ts";

const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  weeks: ["week", "weeks"],
  days: ["day", "days"],
  hours: ["hour", "h"],
  minutes: ["minute", "min"],
  seconds: ["second", "s"],
  milliseconds: ["ms", "ms"],
};
const EVERY_HOUR = /^(\d{1,2}) \* \* \* \*$/;

/** What is told of a schedule. */
interface Told {
  readonly trigger: TriggerSpec;
  /** In words, whole. */
  readonly schedule: string;
  readonly timezone: string;
}

/** When a job runs, as short as people say it: `Daily at 02:30`. The zone stands beside it. */
export function scheduleInShort({ trigger, schedule, timezone }: Told): string {
  const { type, config } = typedSchedule(trigger);
  const short = config && shortOf(type, config);
  return short ?? capital(schedule.replace(` (${timezone})`, ""));
}

type Config = Readonly<Record<string, unknown>>;

function shortOf(type: string, config: Config): string | undefined {
  switch (type) {
    case "manual":
      return "By hand";
    case "daily":
      return `Daily at ${timesOf(config)}`;
    case "weekly": {
      const days = weekdays(config["day_of_week"]);
      return days === undefined ? undefined : `${days} at ${timesOf(config)}`;
    }
    case "monthly":
      return monthly(config);
    case "interval":
      return interval(config);
    case "custom":
      return hourly(config);
    default:
      return undefined;
  }
}

function timesOf({ hour, minute, second, at }: Config): string {
  if (Array.isArray(at)) return inWords(at.map(String));
  const parts = [hour, minute, ...(second === undefined ? [] : [second])];
  return parts.map((part) => String(Number(part ?? 0)).padStart(2, "0")).join(":");
}

function weekdays(given: unknown): string | undefined {
  if (/^(?:1-5|mon-fri)$/.test(String(given))) return "Weekdays";
  const names = [given].flat().map(dayName);
  return names.every((name) => name !== undefined) ? inWords(names) : undefined;
}

function dayName(day: unknown): string | undefined {
  if (typeof day === "number") return WEEKDAY_NAMES[day % 7];
  const start = String(day).toLowerCase();
  return /^[a-z]{3}$/.test(start)
    ? WEEKDAY_NAMES.find((one) => one.toLowerCase().startsWith(start))
    : undefined;
}

function monthly(config: Config): string | undefined {
  const days = [config["day_of_month"]].flat();
  if (!days.every((day) => typeof day === "number" || day === "last")) return undefined;
  const named = days.map((day) => (day === "last" ? "the last day" : `day ${day}`));
  return `Monthly on ${inWords(named)} at ${timesOf(config)}`;
}

function interval(config: Config): string | undefined {
  const found = Object.entries(UNITS).filter(([name]) => typeof config[name] === "number");
  const [first, ...others] = found;
  if (
    !first ||
    others.length > 0 ||
    config["months"] !== undefined ||
    config["years"] !== undefined
  )
    return undefined;
  const [name, [one, many]] = first;
  const count = Number(config[name]);
  const at = typeof config["at"] === "string" ? ` at ${config["at"]}` : "";
  return `Every ${count === 1 ? one : `${count} ${many}`}${at}`;
}

function hourly(config: Config): string | undefined {
  const [, minute] = EVERY_HOUR.exec(String(config["cron_expression"])) ?? [];
  return minute === undefined ? undefined : `Hourly at :${minute.padStart(2, "0")}`;
}

function inWords(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
