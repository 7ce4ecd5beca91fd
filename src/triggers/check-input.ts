// Checks what untyped callers give to the functions of `cronduit/triggers`; inside the package, types are enough.
import { TriggerError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import { suggest } from "../core/suggest.ts";
import { type CalendarSpec, parseCalendar } from "./calendars/calendar-spec.ts";
import type { ResolveContext } from "./resolve/context.ts";
import { dstSchema, type TriggerSpec, triggerSpecSchema } from "./spec.ts";

function fail(field: string, value: unknown, advice: string): never {
  throw new TriggerError(`${field}: ${shown(value)} ${advice}`, { field, value });
}

/** @throws {@link TriggerError} for anything but what `resolveTrigger` returns. */
export function checkSpec(call: string, spec: unknown): TriggerSpec {
  const parsed = triggerSpecSchema.safeParse(spec);
  if (parsed.success) return parsed.data;
  const advice = "is not a resolved trigger. Resolve it first: resolveTrigger(trigger, context).";
  return fail(call, spec, advice);
}

const CONTEXT = ["now", "timezone", "jobId", "dst"];
const CONTEXT_FORM = 'such as { now: Date.now(), timezone: "UTC", jobId: "job_1" }';

/** @throws {@link TriggerError} for a context without what the meaning of a trigger depends on. */
export function checkContext(context: ResolveContext): void {
  const given: unknown = context;
  if (typeof given !== "object" || given === null || Array.isArray(given))
    return fail("context", given, `is not an object. Give one ${CONTEXT_FORM}.`);
  const { now, timezone, jobId, dst } = given as Readonly<Record<string, unknown>>;
  if (typeof now !== "number" || !Number.isFinite(now))
    fail("context.now", now, `is not an instant in milliseconds. Give a context ${CONTEXT_FORM}.`);
  for (const [name, value] of Object.entries({ timezone, jobId })) {
    if (typeof value !== "string")
      fail(`context.${name}`, value, `is not a string. Give a context ${CONTEXT_FORM}.`);
  }
  if (dst !== undefined && !dstSchema.safeParse(dst).success)
    fail("context.dst", dst, `is not allowed. Allowed: ${dstSchema.options.join(" or ")}.`);
  checkNames("context", given, CONTEXT);
}

/** Refuses an option that doesn't exist, which would have no effect. */
export function checkNames(call: string, options: object, known: readonly string[]): void {
  const other = Object.keys(options).find((name) => !known.includes(name));
  if (other === undefined) return;
  const near = suggest(other, known);
  const hint =
    near === undefined ? `Known options: ${known.join(", ")}.` : `Did you mean "${near}"?`;
  throw new TriggerError(`${call}: unknown option ${shown(other)}. ${hint}`, {
    field: other,
    ...(near === undefined ? {} : { suggestion: near }),
  });
}

/** The calendars of a Map by name, validated. @throws {@link TriggerError} for anything else. */
export function checkCalendars(calendars: unknown): ReadonlyMap<string, CalendarSpec> {
  if (!(calendars instanceof Map)) {
    const form = 'new Map([["holidays", parseCalendar({ exclude: { dates: ["2026-12-25"] } })]])';
    return fail("calendars", calendars, `is not a Map of calendars by name. Write ${form}.`);
  }
  const entries = [...(calendars as ReadonlyMap<string, CalendarSpec>)];
  return new Map(entries.map(([name, calendar]) => [name, parseCalendar(calendar)]));
}
