// Checks what untyped callers give to the functions of `trigger`.
import { TriggerError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";

/** How each function of `trigger` is called. */
const EXAMPLES = {
  cron: 'trigger.cron("0 9 * * 1-5") or trigger.cron({ hour: 9 })',
  every: 'trigger.every("30 minutes") or trigger.every({ hours: 2 })',
  at: 'trigger.at("2026-12-25 09:00")',
  in: 'trigger.in("30 minutes")',
  weekly: 'trigger.weekly(["mon", "wed"], ["09:00", "17:30"])',
  daily: 'trigger.daily(["09:00", "17:30"])',
  monthly: 'trigger.monthly([1, 15], "09:00")',
  calendarInterval: 'trigger.calendarInterval({ months: 2, at: "09:00" })',
  rrule: 'trigger.rrule("RRULE:FREQ=WEEKLY;BYDAY=MO")',
  manual: "trigger.manual()",
} as const;

/** The name of a function of `trigger` with a fixed number of arguments. */
type Builder = keyof typeof EXAMPLES;

/** The value probably comes from a missing setting, or is meant for another builder. */
export function refuse(builder: Builder, given: unknown, forms: string = EXAMPLES[builder]): never {
  throw new TriggerError(`trigger.${builder}: ${shown(given)} is not a schedule. Write ${forms}.`, {
    field: builder,
    value: given,
  });
}

/** Refuses arguments after the last one that the function has. */
export function checkNoMore(builder: Builder, given: readonly unknown[], most: number): void {
  if (given.length <= most) return;
  const value = given[most];
  throw new TriggerError(
    `trigger.${builder}: ${shown(value)} is an argument too many. Write ${EXAMPLES[builder]}; options such as { timezone: "Europe/Berlin" } come last.`,
    { field: builder, value },
  );
}

/** @throws {@link TriggerError} for anything but an object of options. */
export function plain(common: unknown): object {
  if (isPlain(common)) return common;
  throw new TriggerError(
    `common: ${shown(common)} is not an object. Give options such as { timezone: "Europe/Berlin" }.`,
    { field: "common", value: common },
  );
}

/** Whether it is an object of options, of any realm: not a list, Date or Map. */
export function isPlain(value: unknown): value is object {
  return Object.prototype.toString.call(value) === "[object Object]";
}
