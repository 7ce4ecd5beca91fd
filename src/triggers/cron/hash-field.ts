import { TriggerError } from "../../core/errors.ts";
import { shownUpTo } from "../../core/shown.ts";
import { stableHash } from "../hash.ts";
import { FIELD_RANGE, type CronField } from "./field-names.ts";
import type { FieldPlace } from "./parse-field.ts";

/** Every month has these days, so an `H` day never skips a month. */
const SAFE_LAST_DAY = 28;

/**
 * Replaces each `H` of a field by a value derived from the job id: `H` anywhere in the field's range (days: 1 to 28),
 * `H(a-b)` within that range, `H/n` every n from a first value below n, `H(a-b)/n` both. This spreads the load of many
 * jobs that are written alike.
 * @throws {@link TriggerError} for a range or a step that the field doesn't have.
 */
export function replaceHash(
  field: CronField,
  text: string,
  jobId: string,
  place: FieldPlace,
): string {
  if (!/h/i.test(text)) return text;
  let at = 0;
  const terms = text.split(",").map((term) => {
    const replaced = replaceTerm(field, term, jobId, {
      source: place.source,
      offset: place.offset + at,
    });
    at += term.length + 1;
    return replaced;
  });
  return terms.join(",");
}

function replaceTerm(field: CronField, term: string, jobId: string, place: FieldPlace): string {
  const match = /^\s*h(?:\((\d{1,4})-(\d{1,4})\))?(?:\/(\d{1,4}))?\s*$/i.exec(term);
  if (!match) return term;
  const fail = (why: string): never => {
    throw new TriggerError(`Cron field ${field}: ${shownUpTo(40, term)} ${why}.`, {
      field,
      column: place.offset + 1,
      value: term,
    });
  };
  if (field === "year") return fail("is not allowed: a year can't be chosen by H");
  const [min, max] = FIELD_RANGE[field];
  const last = field === "day" ? SAFE_LAST_DAY : field === "week" ? 52 : max;
  const from = match[1] === undefined ? min : Number(match[1]);
  const to = match[2] === undefined ? last : Number(match[2]);
  if (from < min || to > max || from > to)
    return fail(`has an invalid range; write H(a-b) with ${min} <= a <= b <= ${max}`);
  const hash = stableHash(`${field}\0${jobId}`);
  if (match[3] === undefined) return String(from + (hash % (to - from + 1)));
  const step = Number(match[3]);
  if (step < 1 || step > to - from + 1)
    return fail(`has a step out of range; allowed: 1 to ${to - from + 1}`);
  return `${from + (hash % step)}-${to}/${step}`;
}
