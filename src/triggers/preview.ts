import type { EpochMs } from "../core/clock.ts";
import { TriggerError } from "../core/errors.ts";
import { shown } from "../core/shown.ts";
import { Calendar } from "./calendars/calendar.ts";
import { checkCalendars, checkNames } from "./check-input.ts";
import { checkTrigger } from "./check/check-trigger.ts";
import type { TriggerCheck } from "./check/finding.ts";
import { notesOn } from "./check/notes.ts";
import { loadPeer } from "./check/peer.ts";
import { makeTrigger, type CalendarLookup } from "./create.ts";
import type { ManualTriggerObject, TriggerLike, TriggerOptions } from "./trigger-options.ts";
import { type ResolveContext, resolveTrigger } from "./resolve.ts";
import { type ScheduleSpec, type TriggerSpec, triggerSpecSchema } from "./spec.ts";
import { LAST_INSTANT } from "./time/civil.ts";
import { formatIso, formatOffset, formatWallTime } from "./time/local-text.ts";
import { type InstantInput, parseInstant } from "./time/parse-instant.ts";
import { zoneOf } from "./time/zone.ts";

/** Why a time in a preview is special. */
export type PreviewFlag =
  | "in DST gap, moved"
  | "second pass skipped"
  | `excluded by calendar ${string}`
  | `moved by calendar ${string}`;

/** One time in a preview. */
export interface PreviewRow {
  /** Epoch milliseconds. */
  readonly instant: EpochMs;
  /** The instant in ISO 8601 with the offset of the preview's zone. */
  readonly iso: string;
  /** Wall-clock time in the preview's zone, such as `2026-03-29 09:00`. */
  readonly local: string;
  /** UTC offset at that time, such as `+02:00`. */
  readonly offset: string;
  /** Whether the trigger fires; `false` for times that a rule drops. */
  readonly fires: boolean;
  /** Why it fires at this time rather than another, or why it doesn't fire. */
  readonly flags: readonly PreviewFlag[];
}

/** What to preview. */
export interface PreviewOptions {
  /**
   * Only times after this: a `Date`, text, or a number as in `runDate`. An unresolved trigger counts as added at this
   * instant: an interval without a start begins here.
   */
  readonly from: InstantInput;
  /** How many fire times, 1 to 1,000. @default 10 */
  readonly count?: number | undefined;
  /** Time zone for local times, and for a trigger that has none of its own. @default the trigger's own, else "UTC" */
  readonly timezone?: string | undefined;
  /** The named calendars that the trigger refers to. */
  readonly calendars?: CalendarLookup | undefined;
  /** Determines the values of `H`. @default "" */
  readonly jobId?: string | undefined;
}

/** What to preview, and whether to check it against cron-parser. */
export interface CheckedPreviewOptions extends PreviewOptions {
  /**
   * Compares the next 20 fire times with those of cron-parser, which BullMQ uses, and explains each difference; the
   * call then returns a promise of a {@link CheckedPreview}. @default false
   */
  readonly check?: boolean | undefined;
}

/** A preview with the check against cron-parser. */
export interface CheckedPreview {
  /** The preview itself, as without `check`. */
  readonly rows: readonly PreviewRow[];
  /** The result of the check. */
  readonly check: TriggerCheck;
}

/** Anything that `previewTrigger` accepts. */
export type Previewed = TriggerSpec | TriggerOptions | TriggerLike | ManualTriggerObject;

const OPTIONS = ["from", "count", "timezone", "calendars", "jobId", "check"];
const MAX_COUNT = 1000;
/** Most dropped times to show in one preview; a schedule of seconds has 50,000 of them in one night. */
const MAX_DROPPED = 200;

/**
 * The next fire times of a trigger, given as for `addJob` or as a resolved spec, together with the times that daylight
 * saving or a calendar drops. Bounded in time for any schedule: at most 1000 times that fire and 200 that don't. With
 * `check: true`, a promise of these and of a comparison with cron-parser.
 * @throws {@link TriggerError} `INVALID_TRIGGER` and `INVALID_TIMEZONE`, also for `from`, `count` and `check`.
 */
export function previewTrigger(
  trigger: Previewed,
  options: CheckedPreviewOptions & { readonly check: true },
): Promise<CheckedPreview>;
export function previewTrigger(
  trigger: Previewed,
  options: PreviewOptions & { readonly check?: false | undefined },
): PreviewRow[];
export function previewTrigger(
  trigger: Previewed,
  options: CheckedPreviewOptions,
): PreviewRow[] | Promise<CheckedPreview>;
export function previewTrigger(
  trigger: Previewed,
  given: CheckedPreviewOptions,
): PreviewRow[] | Promise<CheckedPreview> {
  // Untyped callers may pass nothing; then `from` is reported as missing.
  const options =
    (given as CheckedPreviewOptions | null | undefined) ?? ({} as CheckedPreviewOptions);
  if (typeof options === "object") checkNames("previewTrigger", options, OPTIONS);
  const { check = false } = options;
  if (typeof check !== "boolean")
    throw new TriggerError(`check: ${shown(check)} must be true or false.`, {
      field: "check",
      value: check,
    });
  return check ? checkedPreview(trigger, options) : rowsOf(trigger, options);
}

async function checkedPreview(
  trigger: Previewed,
  options: PreviewOptions,
): Promise<CheckedPreview> {
  const rows = rowsOf(trigger, options);
  const { from, spec } = startAndSpec(trigger, options);
  const check = checkTrigger(spec, from, await loadPeer());
  return { rows, check: { ...check, notes: [...check.notes, ...notesOn(trigger)] } };
}

function startAndSpec(
  trigger: Previewed,
  options: PreviewOptions,
): { from: EpochMs; spec: TriggerSpec } {
  const timezone = options.timezone ?? "UTC";
  const from = parseInstant(options.from, timezone, "from").instant;
  return { from, spec: specOf(trigger, { now: from, timezone, jobId: options.jobId ?? "" }) };
}

function rowsOf(trigger: Previewed, options: PreviewOptions): PreviewRow[] {
  const { count = 10 } = options;
  const calendars = checkCalendars(options.calendars ?? new Map());
  if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT) {
    throw new TriggerError(
      `count: ${shown(count)} must be a whole number from 1 to ${MAX_COUNT}.`,
      {
        field: "count",
        value: count,
      },
    );
  }
  const { from, spec } = startAndSpec(trigger, options);
  const zone = zoneOf(options.timezone ?? timezoneOf(spec));
  const actual = makeTrigger(spec, calendars);
  const plain = makeTrigger(withoutRules(spec));
  const named = [...calendarNames(spec)].map((name) => [name, calendars.get(name)] as const);
  const known = named.flatMap(([name, calendar]) =>
    calendar === undefined ? [] : [[name, new Calendar(calendar)] as const],
  );
  const rows: PreviewRow[] = [];
  const add = (instant: EpochMs, fires: boolean, flags: PreviewFlag[]): void => {
    const offset = zone.offsetAt(instant);
    const iso = formatIso(instant, zone.name);
    rows.push({
      instant,
      iso,
      local: formatWallTime(instant + offset),
      offset: formatOffset(offset),
      fires,
      flags,
    });
  };
  let dropped = 0;
  let at = from;
  for (let fired = 0; fired < count; fired++) {
    const next = actual.next(at);
    const until = next === undefined ? LAST_INSTANT : next - 1;
    // After the last fire time, only what directly follows it needs explaining.
    const skipped = plain.between(at, until, next === undefined ? 1 : MAX_DROPPED - dropped);
    dropped += skipped.length;
    for (const instant of skipped) {
      const excluding = known.find(([, calendar]) => !calendar.allows(instant))?.[0];
      add(instant, false, [
        excluding === undefined ? "second pass skipped" : `excluded by calendar ${excluding}`,
      ]);
    }
    if (next === undefined) break;
    add(next, true, plain.next(next - 1) === next ? [] : [movedBy(next, spec, known)]);
    at = next;
  }
  return rows;
}

function specOf(trigger: Previewed, context: ResolveContext): TriggerSpec {
  const isResolved = typeof trigger === "object" && trigger !== null && "kind" in trigger;
  if (!isResolved) return resolveTrigger(trigger as TriggerOptions, context);
  const parsed = triggerSpecSchema.safeParse(trigger);
  if (parsed.success) return parsed.data;
  throw new TriggerError(
    `trigger: ${shown(trigger)} is not a trigger. Give one as for addJob, such as trigger.cron("0 9 * * *"), or the result of resolveTrigger.`,
    { field: "trigger", value: trigger },
  );
}

/** A time that no field names was moved: to the end of a gap, or by a calendar that forbids the time before. */
function movedBy(
  instant: EpochMs,
  spec: TriggerSpec,
  calendars: readonly (readonly [string, Calendar])[],
): PreviewFlag {
  const isJump = zonesOf(spec).some((name) => {
    const segment = zoneOf(name).at(instant);
    return segment.start === instant && segment.localStart > segment.seen;
  });
  const name = calendars.find(([, calendar]) => !calendar.allows(instant - 1))?.[0];
  return isJump || name === undefined ? "in DST gap, moved" : `moved by calendar ${name}`;
}

/** The same schedule, decided by the clock alone. */
function withoutRules(spec: ScheduleSpec): ScheduleSpec;
function withoutRules(spec: TriggerSpec): TriggerSpec;
function withoutRules(spec: TriggerSpec): TriggerSpec {
  switch (spec.kind) {
    case "cron":
      return { ...spec, dst: "wall-clock" };
    case "calendar-interval":
      return { ...spec, dst: "wall-clock" };
    case "or":
    case "and":
      return { ...spec, triggers: spec.triggers.map((member) => withoutRules(member)) };
    case "calendars":
      return withoutRules(spec.trigger);
    case "interval":
    case "date":
    case "rrule":
    case "manual":
      return spec;
  }
}

function calendarNames(spec: TriggerSpec): Set<string> {
  if (spec.kind === "calendars")
    return new Set([...spec.calendars, ...calendarNames(spec.trigger)]);
  if (spec.kind === "or" || spec.kind === "and")
    return new Set(spec.triggers.flatMap((member) => [...calendarNames(member)]));
  return new Set();
}

function zonesOf(spec: TriggerSpec): string[] {
  if (spec.kind === "calendars") return zonesOf(spec.trigger);
  if (spec.kind === "or" || spec.kind === "and") return spec.triggers.flatMap(zonesOf);
  return [spec.timezone];
}

/** The time zone of a spec; if there are several, the first. */
export function timezoneOf(spec: TriggerSpec): string {
  return zonesOf(spec)[0] ?? "UTC";
}
