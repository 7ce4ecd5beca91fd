import type { EpochMs } from "../../core/clock.ts";
import { TriggerError } from "../../core/errors.ts";
import { shown } from "../../core/shown.ts";

/**
 * Milliseconds since 1970-01-01T00:00 on the wall clock of a zone: an instant plus its UTC offset. It is not an
 * instant; only its digits are meaningful.
 */
export type LocalMs = number;

/** A period with a single UTC offset. May be cut short at the end of a page; see {@link Zone}. */
export interface Segment {
  /** First instant of the period. */
  readonly start: EpochMs;
  /** First instant after it. */
  readonly end: EpochMs;
  /** Local time minus UTC, in milliseconds. */
  readonly offset: number;
  /** `start` on the wall clock. */
  readonly localStart: LocalMs;
  /** `end` on the wall clock of this period. */
  readonly localEnd: LocalMs;
  /**
   * Local times before this were already shown in the previous period. Above `localStart` it is the end of an overlap;
   * below it, a gap lies between the two. Shifts of 3 hours or more count as corrections of the clock and create
   * neither, as in cron(8).
   */
  readonly seen: LocalMs;
}

/** About 397 days, a power of two: transitions are looked up and cached in pages of this length. */
const PAGE_MS = 2 ** 35;
/** Shorter than any pause between two transitions in the tz database (the shortest known is 7 days). */
const SAMPLE_MS = 3 * 86_400_000;
/** A page also covers the transitions shortly before it, so that an overlap can span the start of the page. */
const PAD_MS = 4 * SAMPLE_MS;
/** From cron(8): smaller changes of local time are daylight saving. */
const CORRECTION_MS = 3 * 3_600_000;
/** The longest name in the tz database has 32 characters. */
const MAX_NAME = 64;

/** The offsets of one IANA time zone. Shared by all triggers of the zone; queries `Intl` once per page. */
export class Zone {
  /** The IANA name, in the tz database's own spelling. */
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #pages = new Map<number, readonly Segment[]>();
  #last: Segment;

  /** Use {@link zoneOf}, which shares zones. */
  constructor(name: string, format: Intl.DateTimeFormat) {
    this.name = name;
    this.#format = format;
    this.#last = this.#lookUp(0);
  }

  /** The period that contains `instant`. */
  at(instant: EpochMs): Segment {
    const last = this.#last;
    if (instant >= last.start && instant < last.end) return last;
    return (this.#last = this.#lookUp(instant));
  }

  /** Local time minus UTC at `instant`, in milliseconds. */
  offsetAt(instant: EpochMs): number {
    return this.at(instant).offset;
  }

  #lookUp(instant: EpochMs): Segment {
    const index = Math.floor(instant / PAGE_MS);
    let page = this.#pages.get(index);
    if (page === undefined) {
      page = this.#readPage(index * PAGE_MS);
      this.#pages.set(index, page);
    }
    for (const segment of page) if (instant < segment.end) return segment;
    throw new TriggerError(`Time zone ${this.name} has no offset at ${instant}.`, {
      field: "timezone",
    });
  }

  #readPage(pageStart: EpochMs): readonly Segment[] {
    const pageEnd = pageStart + PAGE_MS;
    // Offsets change at whole seconds; pages don't start at whole seconds.
    const first = Math.floor((pageStart - PAD_MS) / 1000) * 1000;
    const last = Math.ceil(pageEnd / 1000) * 1000;
    const changes: EpochMs[] = [];
    let before = first;
    let offsetBefore = this.#askOffset(first);
    const firstOffset = offsetBefore;
    while (before < last) {
      const after = Math.min(before + SAMPLE_MS, last);
      const offsetAfter = this.#askOffset(after);
      this.#findChanges(before, offsetBefore, after, offsetAfter, changes);
      before = after;
      offsetBefore = offsetAfter;
    }
    // A change at or after the end belongs to the next page.
    const inside = changes.filter((change) => change < pageEnd);
    const segments: Segment[] = [];
    let start = first;
    let offset = firstOffset;
    let seen = first + offset;
    for (const end of [...inside, pageEnd]) {
      segments.push({
        start,
        end,
        offset,
        localStart: start + offset,
        localEnd: end + offset,
        seen,
      });
      if (end === pageEnd) break;
      const nextOffset = this.#askOffset(end);
      const isCorrection = Math.abs(nextOffset - offset) >= CORRECTION_MS;
      seen = isCorrection ? end + nextOffset : Math.max(seen, end + offset);
      start = end;
      offset = nextOffset;
    }
    return segments.filter((segment) => segment.end > pageStart);
  }

  /** Bisects (`before`, `after`] until every change of offset in it is known to the second. */
  #findChanges(
    before: EpochMs,
    offsetBefore: number,
    after: EpochMs,
    offsetAfter: number,
    found: EpochMs[],
  ): void {
    if (offsetBefore === offsetAfter) return;
    if (after - before <= 1000) {
      found.push(after);
      return;
    }
    const middle = before + Math.floor((after - before) / 2000) * 1000;
    const offsetMiddle = this.#askOffset(middle);
    this.#findChanges(before, offsetBefore, middle, offsetMiddle, found);
    this.#findChanges(middle, offsetMiddle, after, offsetAfter, found);
  }

  /** Queries `Intl`, which is slow (about 1 µs) and therefore never called by `next`. */
  #askOffset(instant: EpochMs): number {
    const text = this.#format.format(instant);
    const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
    const sign = match?.[1] === "-" ? -1 : 1;
    const [hours, minutes, seconds] = [
      Number(match?.[2] ?? 0),
      Number(match?.[3] ?? 0),
      Number(match?.[4] ?? 0),
    ];
    return sign * (hours * 3600 + minutes * 60 + seconds) * 1000;
  }
}

const zones = new Map<string, Zone>();
let spellings: ReadonlyMap<string, string> | undefined;

function spellingOf(name: string, resolved: string): string {
  if (resolved.toLowerCase() === name.toLowerCase()) return resolved;
  spellings ??= new Map(
    Intl.supportedValuesOf("timeZone").map((zone) => [zone.toLowerCase(), zone]),
  );
  return spellings.get(name.toLowerCase()) ?? name;
}

/** `Berlin` for Europe/Berlin, `new york` for America/New_York. */
function zoneOfCity(name: string): string | undefined {
  const city = `/${name.trim().toLowerCase().replaceAll(/\s+/g, "_")}`;
  return city.length < 3 || city.length > MAX_NAME
    ? undefined
    : Intl.supportedValuesOf("timeZone").find((zone) => zone.toLowerCase().endsWith(city));
}

/**
 * The zone of an IANA name (in any case).
 * @throws {@link TriggerError} `INVALID_TIMEZONE` if this Node.js doesn't know the name.
 */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const fail = (): never => {
    const near = typeof name === "string" ? zoneOfCity(name) : undefined;
    const hint =
      near === undefined
        ? 'Use an IANA name such as "Europe/Berlin" or "UTC".'
        : `Did you mean the IANA name "${near}"?`;
    throw new TriggerError(
      `timezone: ${shown(name)} is not a time zone. ${hint}`,
      { field: "timezone", value: name },
      "INVALID_TIMEZONE",
    );
  };
  if (typeof name !== "string" || name === "" || name.length > MAX_NAME) return fail();
  // One zone per name, in whatever case, so that odd spellings can't fill up memory.
  const key = name.toLowerCase();
  let zone = zones.get(key);
  if (zone === undefined) {
    let format: Intl.DateTimeFormat;
    try {
      format = new Intl.DateTimeFormat("en-US", {
        timeZone: name,
        year: "numeric",
        timeZoneName: "longOffset",
      });
    } catch {
      return fail();
    }
    zone = new Zone(spellingOf(name, format.resolvedOptions().timeZone), format);
    zones.set(key, zone);
  }
  // The canonical spelling skips case folding next time.
  if (zone.name === name) zones.set(name, zone);
  return zone;
}
