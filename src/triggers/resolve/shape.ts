import { z } from "zod";
import { TriggerError } from "../../core/errors.ts";
import { shown } from "../../core/shown.ts";
import { suggest } from "../../core/suggest.ts";
import { type TriggerKind, triggerOptionShapes } from "../option-shapes.ts";
import { fieldMeant } from "./field-meant.ts";
import type { Fields } from "./fields.ts";

/** Names of the kinds of trigger. */
export const KINDS: readonly string[] = Object.keys(triggerOptionShapes).filter(
  (key) => key !== "common",
);
/** Names of the options that all kinds have in common. */
export const COMMON_OPTIONS: ReadonlySet<string> = new Set(Object.keys(triggerOptionShapes.common));

/** Names of the options that can be combined with a kind's own. */
function commonOf(kind: string): ReadonlySet<string> {
  return kind === "manual" ? BESIDE_MANUAL : COMMON_OPTIONS;
}

/**
 * The time zone is for times that concern the job; the other common options concern fire times, of which there are
 * none.
 */
const BESIDE_MANUAL: ReadonlySet<string> = new Set(["timezone"]);

const schemas = new Map<string, z.ZodType<Fields>>(
  KINDS.map((kind) => [
    kind,
    z.strictObject({ ...triggerOptionShapes[kind as TriggerKind], ...triggerOptionShapes.common }),
  ]),
);

interface Need {
  /** At least one of these fields must be given. */
  readonly oneOf: readonly string[];
  readonly text: string;
}

/** Fields that a schedule requires, because there is no sensible default. */
const NEEDS: Readonly<Partial<Record<TriggerKind, Need>>> = {
  cron: {
    oneOf: Object.keys(triggerOptionShapes.cron),
    text: 'an expression or a field, such as expression: "0 9 * * 1-5" or hour: 9; for every second, write second: "*"',
  },
  interval: {
    oneOf: Object.keys(triggerOptionShapes.interval),
    text: 'a length, such as minutes: 5 or every: "30 minutes"',
  },
  date: { oneOf: ["runDate", "in"], text: 'either "runDate" or "in"' },
  calendarInterval: {
    oneOf: ["days", "weeks", "months", "years"],
    text: "years, months, weeks or days of at least 1",
  },
  rrule: { oneOf: ["rule"], text: 'a rule, such as "RRULE:FREQ=WEEKLY;BYDAY=MO"' },
  weekly: { oneOf: ["weekly"], text: 'days of the week in "weekly", such as ["mon", "wed"]' },
};

/** Whether `name` is a kind of trigger. */
export function isTriggerKind(name: string): name is TriggerKind {
  return schemas.has(name);
}

/**
 * Checks the types and ranges of the fields of one kind of trigger, independently of "now". A field of the schedule
 * that is present but undefined was most likely meant to have a value (from a missing setting), so it is rejected.
 * @throws {@link TriggerError} `INVALID_TRIGGER` with field and value.
 */
export function checkShape(kind: TriggerKind, given: Readonly<Record<string, unknown>>): Fields {
  const entries = Object.entries(given);
  for (const [field, value] of entries) if (value === undefined) checkUndefined(kind, field, given);
  if (kind === "manual") rejectBesideManual(given);
  const defined = Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  const result = schemas.get(kind)?.safeParse(defined);
  if (result?.success !== true) return reject(kind, given, result?.error.issues[0]);
  const need = NEEDS[kind];
  if (need !== undefined && !need.oneOf.some((field) => given[field] !== undefined)) {
    throw new TriggerError(`${capital(article(kind))} trigger needs ${need.text}.`, {
      field: need.oneOf[0] ?? kind,
    });
  }
  if (kind === "or" || kind === "and") checkMembers(kind, result.data["triggers"]);
  return result.data;
}

/** Fields of other kinds may be undefined, which is how a caller overrides a default of its own. */
function checkUndefined(
  kind: TriggerKind,
  field: string,
  given: Readonly<Record<string, unknown>>,
): void {
  if (COMMON_OPTIONS.has(field)) return;
  if (Object.hasOwn(triggerOptionShapes[kind], field)) {
    throw new TriggerError(
      `${field}: undefined is not a value; is a setting missing? Allowed: ${describe(kind, field) ?? ""}. Leave it out if you don't need it.`,
      { field, column: 1, value: undefined },
    );
  }
  if (!isField(field)) rejectUnknown(kind, field, given);
}

function rejectBesideManual(given: Readonly<Record<string, unknown>>): void {
  const field = Object.keys(given).find(
    (name) => given[name] !== undefined && !BESIDE_MANUAL.has(name) && isField(name),
  );
  if (field === undefined) return;
  throw new TriggerError(
    `${field}: has no meaning with trigger: "manual", which never fires by itself. Leave it out, or give a schedule such as trigger: "cron".`,
    { field, value: given[field] },
  );
}

/** Whether any kind of trigger has this field. */
function isField(name: string): boolean {
  return Object.values(triggerOptionShapes).some((shape) => Object.hasOwn(shape, name));
}

function reject(
  kind: TriggerKind,
  given: Readonly<Record<string, unknown>>,
  issue: z.core.$ZodIssue | undefined,
): never {
  if (issue?.code === "unrecognized_keys") rejectUnknown(kind, issue.keys[0] ?? "", given);
  const path = issue?.path ?? [];
  const field = path.join(".") || kind;
  const value = path.reduce<unknown>(
    (inner, key) => (Object(inner) as Record<PropertyKey, unknown>)[key],
    given,
  );
  const allowed = describe(kind, String(path[0] ?? "")) ?? issue?.message ?? "";
  throw new TriggerError(
    `${field}: ${shown(value)} is not allowed. Allowed: ${allowed}.${unquoted(value, allowed)}`,
    { field, column: 1, value },
  );
}

/** The remedy for a number that came as text, from the environment or a form. */
function unquoted(value: unknown, allowed: string): string {
  const isNumber =
    typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value));
  return isNumber && /number/.test(allowed) ? ` Write ${Number(value)} without quotes.` : "";
}

function describe(kind: TriggerKind, field: string): string | undefined {
  const shape: Readonly<Record<string, z.ZodType>> = {
    ...triggerOptionShapes[kind],
    ...triggerOptionShapes.common,
  };
  return Object.hasOwn(shape, field) ? shape[field]?.description : undefined;
}

function rejectUnknown(
  kind: TriggerKind,
  field: string,
  given: Readonly<Record<string, unknown>>,
): never {
  const known = [...Object.keys(triggerOptionShapes[kind]), ...commonOf(kind)];
  const near = suggest(field, known);
  const hint =
    fieldMeant(kind, field, given) ??
    (near === undefined ? `Allowed: ${known.join(", ")}.` : `Did you mean "${near}"?`);
  throw new TriggerError(
    `${field.slice(0, 40)}: is not an option of ${article(kind)} trigger. ${hint}`,
    { field },
  );
}

function checkMembers(kind: "or" | "and", members: unknown): void {
  const list = Array.isArray(members) ? members : [];
  if (list.length === 0) {
    throw new TriggerError(
      `triggers: ${members === undefined ? "none" : shown(members)}; ${kind} needs at least one trigger, such as trigger.${kind}(trigger.cron("0 9 * * *"), trigger.every("6h")).`,
      { field: "triggers" },
    );
  }
  const at = list.findIndex(
    (member) => typeof member !== "object" || member === null || Array.isArray(member),
  );
  if (at < 0) return;
  if (Array.isArray(list[at])) {
    throw new TriggerError(
      `triggers.${at}: ${shown(list[at])} is not a trigger. Give them one by one: trigger.${kind}(a, b).`,
      { field: `triggers.${at}`, value: list[at] },
    );
  }
  throw new TriggerError(
    `triggers.${at}: ${shown(list[at])} is not a trigger; is a setting missing? Give what trigger.cron(…), trigger.every(…) or the like return.`,
    { field: `triggers.${at}`, value: list[at] },
  );
}

function article(kind: string): string {
  return `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
