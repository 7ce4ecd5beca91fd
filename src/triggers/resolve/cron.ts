import { TriggerError } from "../../core/errors.ts";
import { CRON_FIELDS, type CronField } from "../cron/field-names.ts";
import { replaceHash } from "../cron/hash-field.ts";
import { parseExpression } from "../cron/parse-expression.ts";
import { parseField } from "../cron/parse-field.ts";
import type { ResolveContext } from "./context.ts";
import type { CronSpec } from "../spec.ts";
import { zoneOf } from "../time/zone.ts";
import { bounds, text, zoneName, type Fields } from "./fields.ts";

/** Resolves a cron trigger from its fields or its expression. */
export function resolveCron(fields: Fields, context: ResolveContext): CronSpec {
  const expression = text(fields, "expression");
  return expression === undefined
    ? fromFields(fields, context)
    : fromExpression(expression, fields, context);
}

function fromExpression(expression: string, fields: Fields, context: ResolveContext): CronSpec {
  const stray = CRON_FIELDS.find((name) => fields[name] !== undefined);
  if (stray !== undefined) {
    throw new TriggerError(
      `${stray}: can't be combined with an expression; put it into the expression.`,
      { field: stray },
    );
  }
  const parsed = parseExpression(expression, context.jobId);
  const prefix = parsed.timezone === undefined ? undefined : zoneOf(parsed.timezone).name;
  const option = fields.timezone === undefined ? undefined : zoneOf(fields.timezone).name;
  if (prefix !== undefined && option !== undefined && prefix !== option) {
    throw new TriggerError(
      `timezone: the expression says ${prefix}, the option ${option}. Give only one of them.`,
      { field: "timezone", value: option },
    );
  }
  const timezone = prefix ?? zoneName(fields, context);
  return {
    kind: "cron",
    timezone,
    fields: parsed.fields,
    dayMatch: parsed.dayMatch,
    dst: fields.dst ?? context.dst ?? "once",
    ...bounds(fields, context, timezone),
  };
}

function fromFields(fields: Fields, context: ResolveContext): CronSpec {
  const given = CRON_FIELDS.filter((name) => fields[name] !== undefined);
  const last = Math.max(...given.map((name) => CRON_FIELDS.indexOf(name)));
  const textOf = (name: CronField, i: number): string =>
    fields[name] === undefined
      ? defaultText(name, i > last)
      : fieldText(name, fields[name], context.jobId);
  const texts = Object.fromEntries(CRON_FIELDS.map((name, i) => [name, textOf(name, i)]));
  return {
    kind: "cron",
    timezone: zoneName(fields, context),
    fields: texts as Record<CronField, string>,
    dayMatch: "all",
    dst: fields.dst ?? context.dst ?? "once",
    ...bounds(fields, context),
  };
}

/**
 * As in APScheduler: a field below the least significant given one gets its minimum, any other field every value. Weeks
 * and weekdays always get every value.
 */
function defaultText(name: CronField, isLessSignificant: boolean): string {
  if (!isLessSignificant || name === "week" || name === "dayOfWeek" || name === "year") return "*";
  return name === "month" || name === "day" ? "1" : "0";
}

function fieldText(name: CronField, value: unknown, jobId: string): string {
  const source = String(value);
  const written = source.trim().toLowerCase().replaceAll(/\s+/g, " ");
  const replaced = replaceHash(name, written, jobId, { source, offset: 0 });
  parseField(name, replaced === written ? source : replaced);
  return replaced.replaceAll("?", "*");
}
