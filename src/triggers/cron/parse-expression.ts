import { TriggerError } from "../../core/errors.ts";
import { shown, shownUpTo } from "../../core/shown.ts";
import { suggest } from "../../core/suggest.ts";
import type { CronField } from "./field-names.ts";
import { parseField } from "./parse-field.ts";
import { fromQuartz, translationOf } from "./foreign-cron.ts";
import { replaceHash } from "./hash-field.ts";

/** The texts of all eight fields, `H` replaced. */
export type CronFieldTexts = Readonly<Record<CronField, string>>;

/**
 * How `day` and `dayOfWeek` combine: `all` = both must match; `any` = one is enough, which is crontab(5)'s rule if both
 * are restricted.
 */
export type DayMatch = "all" | "any";

/** A parsed cron expression. */
export interface ParsedExpression {
  readonly fields: CronFieldTexts;
  readonly dayMatch: DayMatch;
  /** Zone from a `TZ=` or `CRON_TZ=` prefix. */
  readonly timezone?: string;
}

/** Longest expression, in characters. */
const MAX_EXPRESSION = 1024;

const MACROS: Readonly<Record<string, string>> = Object.assign(
  Object.create(null) as Record<string, string>,
  {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
    "@minutely": "* * * * *",
    "@secondly": "* * * * * *",
    "@weekdays": "0 0 * * 1-5",
    "@weekends": "0 0 * * 0,6",
  },
);

const FIVE: readonly CronField[] = ["minute", "hour", "day", "month", "dayOfWeek"];
const SIX: readonly CronField[] = ["second", ...FIVE];

function fail(message: string, expression: string, column: number): never {
  throw new TriggerError(message, {
    field: "expression",
    column,
    value: expression.slice(0, MAX_EXPRESSION),
  });
}

/** Whether a text looks like a cron expression rather than a date or a phrase. */
export function looksLikeCron(text: string): boolean {
  return (
    /^(?:@|(?:cron_)?tz=)/i.test(text) ||
    /^[\d*?h][^\s:]*(?:\s+[^\s:]+){4,5}$/i.test(text) ||
    // With a wrong number of fields, it must consist of characters that fields have.
    /^[\d*?h][\d*?,/#lw-]*(?:\s+(?:[\d*?,/#lwh-]+|[a-z]{3}(?:-[a-z]{3})?)){2,9}$/i.test(text)
  );
}

/**
 * Reads a cron expression: 5 fields, 6 with seconds first, or a macro such as `@daily`; with an optional `TZ=Zone` or
 * `CRON_TZ=Zone` prefix. `H` becomes a value derived from `jobId`.
 * @throws {@link TriggerError} `INVALID_TRIGGER` with field, column (from 1) and value.
 */
export function parseExpression(expression: string, jobId: string): ParsedExpression {
  if (expression.length > MAX_EXPRESSION) {
    fail(
      `A cron expression can have at most ${MAX_EXPRESSION} characters; this one has ${expression.length}.`,
      expression,
      1,
    );
  }
  const foreign = translationOf(expression);
  if (foreign !== undefined)
    fail(
      `Cron expression ${shownUpTo(80, expression)} can't be read. ${foreign.hint}`,
      expression,
      foreign.column,
    );
  const words = [...expression.matchAll(/\S+/g)].map((match) => ({
    text: match[0],
    at: match.index,
  }));
  const prefix = /^(?:cron_)?tz=(.*)$/i.exec(words[0]?.text ?? "");
  if (prefix) words.shift();
  const timezone = prefix?.[1]?.replaceAll(/^["']|["']$/g, "");
  if (timezone === "") fail("The TZ= prefix has no time zone.", expression, 1);
  const parsed = words[0]?.text.startsWith("@")
    ? parseMacro(words, expression)
    : parseWords(words, expression, jobId);
  return timezone === undefined ? parsed : { ...parsed, timezone };
}

interface Word {
  readonly text: string;
  /** Its index in the expression. */
  readonly at: number;
}

function parseMacro(words: readonly Word[], expression: string): ParsedExpression {
  const [word, next] = words;
  const name = word?.text.toLowerCase() ?? "";
  const column = (word?.at ?? 0) + 1;
  if (next !== undefined)
    fail(`Nothing can follow ${name} in a cron expression.`, expression, next.at + 1);
  const meaning = MACROS[name];
  if (meaning !== undefined) return parseExpression(meaning, "");
  if (name === "@reboot") {
    fail(
      "@reboot is not a time; call runJob when your process starts instead.",
      expression,
      column,
    );
  }
  const near = suggest(name, Object.keys(MACROS));
  const hint =
    near === undefined
      ? `Known macros: ${Object.keys(MACROS).join(", ")}`
      : `Did you mean ${near}?`;
  return fail(`${shownUpTo(40, name)} is not a cron macro. ${hint}`, expression, column);
}

function parseWords(words: readonly Word[], expression: string, jobId: string): ParsedExpression {
  if (words.length !== 5 && words.length !== 6) {
    const column = (words[6]?.at ?? expression.length) + 1;
    const hint =
      words.length === 7
        ? ` Write ${fromQuartz(words.map(({ text }) => text.toLowerCase()))}.`
        : "";
    fail(
      `Cron expression ${shown(expression)} has ${words.length} ${words.length === 1 ? "field" : "fields"}. Allowed: 5 fields (minute hour day month weekday), such as 0 9 * * 1-5, or 6 with seconds first.${hint}`,
      expression,
      column,
    );
  }
  const names = words.length === 6 ? SIX : FIVE;
  const fields: Record<CronField, string> = {
    year: "*",
    month: "*",
    day: "*",
    week: "*",
    dayOfWeek: "*",
    hour: "*",
    minute: "*",
    second: "0",
  };
  for (const [i, name] of names.entries()) {
    const word = words[i];
    if (word === undefined) continue;
    const place = { source: expression, offset: word.at };
    const text = replaceHash(name, word.text.toLowerCase(), jobId, place);
    // Replacing H can shift the columns, so errors only point into the expression if there was none.
    parseField(name, text, text === word.text.toLowerCase() ? place : undefined);
    fields[name] = text.replaceAll("?", "*");
  }
  const isStar = (text: string): boolean => text.startsWith("*");
  return { fields, dayMatch: isStar(fields.day) || isStar(fields.dayOfWeek) ? "all" : "any" };
}
