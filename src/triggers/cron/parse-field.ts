import { TriggerError } from "../../core/errors.ts";
import { shownUpTo } from "../../core/shown.ts";
import { suggest } from "../../core/suggest.ts";
import { FIELD_RANGE, MONTHS, WEEKDAYS, type CronField } from "./field-names.ts";

/** A day whose date depends on the month. */
export type DayTerm =
  /** `minus` days before the last day of the month; 0 is the last day itself. */
  | { readonly kind: "last"; readonly minus: number }
  /** The weekday (Monday to Friday) nearest to `day` in the same month. */
  | { readonly kind: "nearest-weekday"; readonly day: number }
  /** The last weekday (Monday to Friday) of the month. */
  | { readonly kind: "last-weekday" }
  /** The `nth` (1 to 5, 0 = last) `weekday` (0 = Sunday) of the month. */
  | { readonly kind: "nth"; readonly nth: number; readonly weekday: number };

/** A parsed field. */
export interface ParsedField {
  /** Whether the text begins with `*`; cron(8) and crontab(5) treat such fields differently. */
  readonly star: boolean;
  /** The matching numbers, ascending, without duplicates. For years see `ranges`. */
  readonly values: readonly number[];
  /** Inclusive ranges with a step; only for years, which are too many to list. */
  readonly ranges: readonly (readonly [from: number, to: number, step: number])[];
  /** Days that depend on the month; only in `day` and `dayOfWeek`. */
  readonly terms: readonly DayTerm[];
}

/** Where the text of a field is, for error messages. */
export interface FieldPlace {
  /** The text whose columns are counted: an expression, or the field alone. */
  readonly source: string;
  /** Index of the field in `source`. */
  readonly offset: number;
}

/** Longest text of one field, in characters; a list of all 60 minutes needs 169. */
const MAX_FIELD = 256;
const ORDINALS: ReadonlyMap<string, number> = new Map([
  ...["last", "1st", "2nd", "3rd", "4th", "5th"].map((word, i) => [word, i] as const),
  ...["first", "second", "third", "fourth", "fifth"].map((word, i) => [word, i + 1] as const),
]);

/** Reads the text of one field, keeping track of its place so that errors can point at it. */
class FieldReader {
  readonly #field: CronField;
  readonly #place: FieldPlace;
  readonly #min: number;
  readonly #max: number;
  readonly #values = new Set<number>();
  readonly #ranges: [number, number, number][] = [];
  readonly #terms: DayTerm[] = [];

  constructor(field: CronField, place: FieldPlace) {
    this.#field = field;
    this.#place = place;
    [this.#min, this.#max] = FIELD_RANGE[field];
  }

  read(text: string): ParsedField {
    if (text.length > MAX_FIELD) this.#fail("is too long", 0, text);
    let at = 0;
    for (const raw of text.split(",")) {
      const term = raw.trim().toLowerCase();
      this.#readTerm(term, at + (raw.length - raw.trimStart().length));
      at += raw.length + 1;
    }
    return {
      star: /^\s*[*?]/.test(text),
      values: [...this.#values].toSorted((a, b) => a - b),
      ranges: this.#ranges,
      terms: this.#terms,
    };
  }

  #readTerm(term: string, at: number): void {
    if (term === "") this.#fail(`is empty; ${this.#allowed()}`, at, term);
    if (this.#readDayTerm(term, at)) return;
    const star = /^[*?](?:\/(\d{1,6}))?$/.exec(term);
    if (star) {
      if (term.startsWith("?") && this.#field !== "day" && this.#field !== "dayOfWeek")
        this.#fail("is only allowed for day and weekday; write *", at, term);
      this.#addRange(this.#min, this.#max, this.#step(star[1], term, at));
      return;
    }
    const parts = /^([a-z]+|\d{1,9})(?:-([a-z]+|\d{1,9}))?(?:\/(\d{1,6}))?$/.exec(term);
    if (!parts?.[1]) return this.#fail(this.#whyUnreadable(term), at, term);
    const from = this.#number(parts[1], at);
    const step = this.#step(parts[3], term, at);
    if (parts[2] !== undefined) {
      this.#addRange(from, this.#number(parts[2], at + parts[1].length + 1), step, { term, at });
    } else if (parts[3] !== undefined) {
      // A week ends with 7, as in cron-parser and croniter: 1/2 is Monday, Wednesday, Friday and Sunday.
      const last = this.#field === "dayOfWeek" ? 7 : this.#max;
      this.#addRange(from, Math.max(from, last), step);
    } else {
      this.#addRange(from, from, 1);
    }
  }

  /** The forms that only days have: `L`, `L-3`, `15W`, `LW`, `2nd fri`, `5L`, `L5`, `5#2`. */
  #readDayTerm(term: string, at: number): boolean {
    if (this.#field === "day") {
      if (term === "l" || term === "last") return this.#add({ kind: "last", minus: 0 });
      if (/^(?:lw|wl|last weekday)$/.test(term)) return this.#add({ kind: "last-weekday" });
      const before = /^(?:l|last)-(\d{1,2})$/.exec(term);
      if (before) {
        const minus = Number(before[1]);
        if (minus > 30) this.#fail("is out of range; allowed: L-0 to L-30", at, term);
        return this.#add({ kind: "last", minus });
      }
      const nearest = /^(\d{1,2})w$/.exec(term);
      if (nearest?.[1])
        return this.#add({ kind: "nearest-weekday", day: this.#number(nearest[1], at) });
      const named = /^([a-z0-9]{3,6})\s{1,9}([a-z]{1,20})$/.exec(term);
      const nth = ORDINALS.get(named?.[1] ?? "");
      if (named?.[2] !== undefined && nth !== undefined) {
        const weekday = this.#name(named[2], WEEKDAYS, at + term.length - named[2].length);
        return this.#add({ kind: "nth", nth, weekday });
      }
    }
    if (this.#field === "dayOfWeek") {
      const last = /^([a-z]{3}|\d)l$/.exec(term)?.[1] ?? /^l([a-z]{3}|\d)$/.exec(term)?.[1];
      if (last !== undefined)
        return this.#add({ kind: "nth", nth: 0, weekday: this.#number(last, at) % 7 });
      const nth = /^([a-z]+|\d)#(\d{1,3}|l|last)$/.exec(term);
      if (nth?.[1] !== undefined && nth[2] !== undefined) {
        const n = nth[2].startsWith("l") ? 0 : Number(nth[2]);
        if (n > 5 || nth[2] === "0") {
          this.#fail("is out of range; allowed: #1 to #5", at + nth[1].length + 1, nth[2]);
        }
        return this.#add({ kind: "nth", nth: n, weekday: this.#number(nth[1], at) % 7 });
      }
    }
    return false;
  }

  #add(term: DayTerm): true {
    this.#terms.push(term);
    return true;
  }

  #addRange(from: number, to: number, step: number, range?: { term: string; at: number }): void {
    if (this.#field === "year") {
      if (range !== undefined && to < from)
        this.#fail("runs backwards; years do not wrap around", range.at, range.term);
      this.#ranges.push([from, to, step]);
      return;
    }
    const size = this.#max - this.#min + 1;
    const end = to < from ? to + size : to;
    for (let value = from; value <= end; value += step) {
      this.#values.add(this.#min + ((value - this.#min) % size));
    }
  }

  #step(text: string | undefined, term: string, at: number): number {
    if (text === undefined) return 1;
    const step = Number(text);
    const limit = this.#max - this.#min + 1;
    if (step < 1 || step > limit) {
      this.#fail(
        `has a step out of range; allowed: 1 to ${limit}`,
        at + term.lastIndexOf("/") + 1,
        text,
      );
    }
    return step;
  }

  #number(text: string, at: number): number {
    if (!/^\d/.test(text)) {
      if (this.#field === "month") return this.#name(text, MONTHS, at) + 1;
      if (this.#field === "dayOfWeek") return this.#name(text, WEEKDAYS, at);
      return this.#fail(`is not a number; ${this.#allowed()}`, at, text);
    }
    const value = Number(text);
    const max = this.#field === "dayOfWeek" ? 7 : this.#max;
    if (value < this.#min || value > max)
      this.#fail(`is out of range; ${this.#allowed()}`, at, text);
    return value;
  }

  #name(text: string, names: readonly string[], at: number): number {
    const index = names.indexOf(text);
    if (index >= 0) return index;
    const near = suggest(text, names);
    const hint = near === undefined ? this.#allowed() : `did you mean '${text}' → ${near}?`;
    return this.#fail(`is not a known name; ${hint}`, at, text);
  }

  #allowed(): string {
    if (this.#field === "month") return "allowed: 1-12 or jan-dec";
    if (this.#field === "dayOfWeek") return "allowed: 0-7 (0 and 7 are Sunday) or sun-sat";
    return `allowed: ${this.#min}-${this.#max}`;
  }

  #whyUnreadable(term: string): string {
    if (/^h\b/.test(term)) return "can't be read; write H, H/n or H(a-b)";
    if (this.#field === "dayOfWeek" && term === "l")
      return "needs a day; write 5L for the last Friday of the month";
    if (/[lw#]/.test(term) && /\d/.test(term)) {
      return "can't be read; L, L-n, nW and LW belong to day, nL and n#k to dayOfWeek";
    }
    return `can't be read; ${this.#allowed()}, also as a-b, */n and lists`;
  }

  #fail(why: string, at: number, value: string): never {
    const column = this.#place.offset + at + 1;
    const { source } = this.#place;
    // Part of a URL may be part of its password.
    const given = source.includes("://") ? source : value;
    throw new TriggerError(
      `Cron field ${this.#field}: ${shownUpTo(40, given)} ${why} (column ${column} of ${shownUpTo(80, source)}).`,
      {
        field: this.#field,
        column,
        value: given,
      },
    );
  }
}

/**
 * Reads one cron field: numbers, names, `*`, `a-b`, `a-b/n`, `*\/n`, `a/n`, lists; in `day` also `last`, `L-n`, `nW`,
 * `LW`, `2nd fri`; in `dayOfWeek` also `5L` and `5#2`. Ranges wrap around (`fri-mon`, `22-2`).
 * @throws {@link TriggerError} `INVALID_TRIGGER` with field, column (from 1) and value.
 */
export function parseField(
  field: CronField,
  text: string,
  place: FieldPlace = { source: text, offset: 0 },
): ParsedField {
  const key = `${field} ${text}`;
  const known = parsed.get(key);
  if (known) return known;
  const read = new FieldReader(field, place).read(text);
  if (parsed.size >= MAX_PARSED) parsed.clear();
  parsed.set(key, read);
  return read;
}

/**
 * Fields that were read before: a list of jobs reads each field of each several times, and most are `*`, `0` or a few others. The
 * place of a text matters only to errors, which are not kept.
 */
const parsed = new Map<string, ParsedField>();
const MAX_PARSED = 500;
