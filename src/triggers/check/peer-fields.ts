import type { CronField } from "../cron/field-names.ts";
import { parseField, type DayTerm } from "../cron/parse-field.ts";
import type { CronSpec } from "../spec.ts";
import type { CheckFinding } from "./finding.ts";
import type { Peer } from "./peer.ts";

/** The order of fields in a six-field expression. */
const SIX = ["second", "minute", "hour", "day", "month", "dayOfWeek"] as const;

/** An expression for cron-parser and what had to be rewritten; no expression if it can't say the same. */
export interface PeerExpression {
  readonly expression?: string;
  readonly findings: readonly CheckFinding[];
}

/**
 * Writes the fields of a cron trigger for cron-parser. A form that it rejects is rewritten if there is an equivalent
 * one.
 */
export function peerExpression(spec: CronSpec, peer: Peer): PeerExpression {
  const findings: CheckFinding[] = [];
  for (const field of ["year", "week"] as const)
    if (spec.fields[field] !== "*")
      findings.push({
        code: "no-such-field",
        field,
        value: spec.fields[field],
        words: `cron-parser has no field for the ${field}.`,
      });
  const words = SIX.map((field) => {
    const written = theirSpelling(field, spec.fields[field]);
    if (reads(peer, field, written)) return written;
    const other = rewritten(field, spec.fields[field]);
    const isRead = other !== undefined && reads(peer, field, other);
    findings.push({ ...whyRejected(field, written, peer), field, value: spec.fields[field] });
    return isRead ? other : undefined;
  });
  const isWhole = words.every((word) => word !== undefined) && !hasOwnFields(spec);
  return isWhole ? { expression: words.join(" "), findings } : { findings };
}

function hasOwnFields({ fields }: CronSpec): boolean {
  return fields.year !== "*" || fields.week !== "*";
}

function reads(peer: Peer, field: CronField, text: string): boolean {
  const words = SIX.map((name) => (name === field ? text : "*"));
  try {
    peer(words.join(" "), "UTC", 0);
    return true;
  } catch {
    return false;
  }
}

/** It accepts `L` in upper case only. */
function theirSpelling(field: CronField, text: string): string {
  if (field === "day") return text.replaceAll(/\blast\b|\bl\b/g, "L");
  return field === "dayOfWeek" ? text.replaceAll(/l(?=,|$)/g, "L") : text;
}

/** The same days and times as a list of numbers and of the day forms that cron-parser has. */
function rewritten(field: CronField, text: string): string | undefined {
  const { values, terms } = parseField(field, text);
  const forms = terms.map((term) => theirForm(field, term));
  if (forms.includes(undefined)) return undefined;
  return [...values, ...new Set(forms)].join(",");
}

function theirForm(field: CronField, term: DayTerm): string | undefined {
  if (term.kind === "last" && term.minus === 0) return "L";
  if (term.kind !== "nth" || field !== "dayOfWeek") return undefined;
  return term.nth === 0 ? `${term.weekday}L` : `${term.weekday}#${term.nth}`;
}

function whyRejected(
  field: CronField,
  written: string,
  peer: Peer,
): Pick<CheckFinding, "code" | "words"> {
  const shown = `${field} ${JSON.stringify(written)}`;
  const items = written.split(",");
  const rejected = items.find((item) => !reads(peer, field, item));
  if (parseField(field, written).terms.length > 0)
    return {
      code: "day-form",
      words:
        rejected === undefined
          ? `cron-parser rejects ${shown}: it accepts # only by itself, not in a list.`
          : `cron-parser can't read ${JSON.stringify(rejected)} in ${field}; here it is a day that depends on the month.`,
    };
  if (rejected !== undefined && wraps(field, rejected))
    return {
      code: "wrap-around",
      words: `cron-parser rejects ${shown}: ${JSON.stringify(rejected)} passes the field's end; here it wraps around to the start.`,
    };
  if (rejected === undefined && repeats(field, items))
    return {
      code: "repeated-value",
      words: `cron-parser rejects ${shown} because it contains a value twice; here a list is a set.`,
    };
  return {
    code: "unexplained",
    words: `cron-parser rejects ${shown}; no known rule explains it.`,
  };
}

function wraps(field: CronField, item: string): boolean {
  const [from = "", to] = item.replace(/\/.*$/, "").split("-");
  if (to === undefined) return false;
  const valueOf = (text: string): number => parseField(field, text).values[0] ?? 0;
  return valueOf(from) > valueOf(to);
}

function repeats(field: CronField, items: readonly string[]): boolean {
  const values = items.flatMap((item) => parseField(field, item).values);
  return new Set(values).size < values.length;
}
