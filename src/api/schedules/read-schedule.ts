import { z } from "zod";
import { CronduitError, isCronduitError } from "../../core/errors.ts";
import { inSnakeCase } from "../../core/name-case.ts";
import { parseOptions } from "../../jobs/options.ts";
import { parseSchedule } from "../../triggers/natural/parse-schedule.ts";
import { COMMON_OPTIONS } from "../../triggers/resolve/shape.ts";
import { scheduleConfigShapes, scheduleWords, triggerFields } from "../contract/schedule-shapes.ts";
import { asTrigger, type ScheduleType } from "./as-trigger.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A body, with its schedule as `addJob` takes it. */
export interface ReadSchedule {
  /** Everything that the body says, but how it says when. */
  readonly options: Record<string, unknown>;
  /** Whether it says when. */
  readonly isGiven: boolean;
  /** Only that it has a schedule, but not which. */
  readonly isKept: boolean;
  /**
   * Runs a call with these options. An error names the field as it was written.
   * @throws whatever the call throws
   */
  readonly told: <T>(call: () => Promise<T>) => Promise<T>;
}

/** Names of the words for a schedule, in both spellings. */
const SPELLINGS = [
  ["is_scheduled", "isScheduled"],
  ["schedule_type", "scheduleType"],
  ["schedule_config", "scheduleConfig"],
] as const;

/**
 * Reads how a body says when: by a text, by a type with what it takes, or by a trigger's fields.
 * @param where The route, for errors.
 * @param prefix The path of the body, with its dot.
 * @throws {@link CronduitError} `INVALID_OPTION`, `INVALID_TRIGGER`
 */
export function readSchedule(body: Fields, where: string, prefix = ""): ReadSchedule {
  const place = { where, prefix };
  const words = new Set(Object.keys(scheduleWords));
  const rest = Object.fromEntries(
    Object.entries(body).filter(([name, value]) => !words.has(name) && value !== undefined),
  );
  const [isScheduled, type, config] = SPELLINGS.map((names) => spelled(body, names, place));
  const given = triggerNames(rest);
  const ways = [
    ...(body["schedule"] === undefined ? [] : ["schedule"]),
    ...(type?.value === undefined ? [] : [type.name]),
    ...given.slice(0, 1),
  ];
  if (isScheduled?.value === false) return unscheduled(rest, place);
  if (ways.length > 1)
    throw refused(
      place,
      ways[1] ?? "",
      `says when, and so does "${prefix}${ways[0] ?? ""}". Give one of them.`,
    );
  if (config?.value !== undefined && type?.value === undefined)
    throw refused(
      place,
      type?.name ?? "schedule_type",
      "is missing; it says what the config means.",
    );
  const { schedule } = body;
  if (typeof schedule === "string") return inWords(schedule, rest, place);
  if (type?.value !== undefined && config)
    return byType(type.value as ScheduleType, config, rest, place);
  const isKept = isScheduled?.value === true && ways.length === 0;
  return { options: rest, isGiven: given.length > 0, isKept, told: (call) => call() };
}

interface Place {
  readonly where: string;
  readonly prefix: string;
}

function triggerNames(options: Fields): string[] {
  return Object.keys(options).filter((name) => name in triggerFields && !COMMON_OPTIONS.has(name));
}

/** A word in the spelling that was written; `null` says nothing. */
function spelled(
  body: Fields,
  [snake, camel]: readonly [string, string],
  place: Place,
): { readonly name: string; readonly value: unknown } {
  const [one, other] = [body[snake] ?? undefined, body[camel] ?? undefined];
  if (one !== undefined && other !== undefined)
    throw refused(place, camel, `is "${snake}" in another spelling. Give one of them.`);
  return other === undefined ? { name: snake, value: one } : { name: camel, value: other };
}

function unscheduled(rest: Fields, place: Place): ReadSchedule {
  const others = Object.entries(rest).filter(
    ([name]) => name === "timezone" || !(name in triggerFields),
  );
  const options = { ...Object.fromEntries(others), trigger: "manual" };
  return { options, isGiven: true, isKept: false, told: telling(place, {}, "is_scheduled") };
}

function inWords(text: string, rest: Fields, place: Place): ReadSchedule {
  const trigger = onPath(place, "schedule", () => parseSchedule(text));
  const options = { ...rest, trigger };
  return { options, isGiven: true, isKept: false, told: telling(place, {}, "schedule") };
}

function byType(
  type: ScheduleType,
  config: { readonly name: string; readonly value: unknown },
  rest: Fields,
  place: Place,
): ReadSchedule {
  const { name } = config;
  const written = (config.value ?? {}) as Fields;
  const path = `${place.prefix}${name}`;
  const { snake, names } = configInSnakeCase(written);
  const pathOf = (key: string): string => `${path}.${names.get(key) ?? key}`;
  const wrapped = z.object({ [path]: scheduleConfigShapes[type] });
  const parsed = onPaths(path, pathOf, () => parseOptions(wrapped, { [path]: snake }, place.where));
  if (isWithoutTime(type, parsed[path] as Fields))
    throw refused(place, `${name}.hour`, 'is missing. Give hour, from 0 to 23, or at: "09:00".');
  const ofField = (field: string) => pathOf(field === "dayOfWeek" ? "day_of_week" : field);
  const fields = renaming(ofField, () => asTrigger[type](parsed[path] as never));
  const back: Record<string, string> = {};
  for (const [field, key] of Object.entries(fields.from)) back[field] = pathOf(key);
  const { startDate, endDate } = boundsOf(snake, back, pathOf);
  const options = {
    ...rest,
    ...fields.trigger,
    ...(startDate === undefined ? {} : { startDate }),
    ...(endDate === undefined ? {} : { endDate }),
  };
  return { options, isGiven: true, isKept: false, told: telling(place, back, name) };
}

/** Whether a config says on which days, and not when. */
function isWithoutTime(type: ScheduleType, { hour, at }: Fields): boolean {
  const isByDay = type === "daily" || type === "weekly" || type === "monthly";
  return isByDay && hour === undefined && at === undefined;
}

function boundsOf(config: Fields, back: Record<string, string>, pathOf: (key: string) => string) {
  const { start_date: startDate, end_date: endDate } = config;
  if (startDate !== undefined) back["startDate"] = pathOf("start_date");
  if (endDate !== undefined) back["endDate"] = pathOf("end_date");
  return { startDate, endDate };
}

/** Other names of the fields of a config. */
const ALIASES: Readonly<Record<string, string>> = {
  cron: "cron_expression",
  expression: "cron_expression",
  day: "day_of_month",
  weekday: "day_of_week",
  run_at: "run_date",
  date: "run_date",
};

/** A config with the names of its fields in one spelling, and how each was written. */
function configInSnakeCase(config: Fields): {
  snake: Record<string, unknown>;
  names: Map<string, string>;
} {
  const names = new Map<string, string>();
  const snake: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(config)) {
    const plain = inSnakeCase(name);
    const key = ALIASES[plain] ?? plain;
    names.set(key, name);
    if (value !== null) Object.defineProperty(snake, key, { value, enumerable: true });
  }
  return { snake, names };
}

/** Lets an error name the field as it was written. */
function telling(
  place: Place,
  back: Readonly<Record<string, string>>,
  all: string,
): ReadSchedule["told"] {
  return async (call) => {
    try {
      return await call();
    } catch (error) {
      throw renamed(error, (field) => back[field] ?? `${place.prefix}${all}`);
    }
  };
}

/** An error of a trigger, with the path as it was written. */
function renamed(error: unknown, pathOf: (field: string) => string): unknown {
  if (!isCronduitError(error, "INVALID_TRIGGER") && !isCronduitError(error, "INVALID_TIMEZONE"))
    return error;
  const { field } = error.data;
  if (
    field === "timezone" ||
    (COMMON_OPTIONS.has(String(field)) && pathOf(String(field)) === String(field))
  )
    return error;
  return new CronduitError(error.code, error.message, {
    data: { ...error.data, path: pathOf(String(field)) },
    cause: error,
  });
}

function onPath<T>(place: Place, name: string, read: () => T): T {
  return renaming(() => `${place.prefix}${name}`, read);
}

function renaming<T>(pathOf: (field: string) => string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw renamed(error, pathOf);
  }
}

/** Says in errors how a field of a config was written. @param base The path of the config. */
function onPaths<T>(base: string, pathOf: (key: string) => string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isCronduitError(error, "INVALID_OPTION")) throw error;
    const { path } = error.data;
    if (typeof path !== "string" || !path.startsWith(`${base}.`)) throw error;
    const [key = "", ...deeper] = path.slice(base.length + 1).split(".");
    const message = error.message.replace(`${base}.${key}`, pathOf(key));
    throw new CronduitError("INVALID_OPTION", message, {
      data: { ...error.data, path: [pathOf(key), ...deeper].join(".") },
      cause: error,
    });
  }
}

function refused({ where, prefix }: Place, name: string, what: string): CronduitError {
  const path = `${prefix}${name}`;
  return new CronduitError("INVALID_OPTION", `${where}, body, option "${path}": ${what}`, {
    data: { path },
  });
}
