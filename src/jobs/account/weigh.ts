import type { EpochMs } from "../../core/clock.ts";
import { zoneOf } from "../../triggers/time/zone.ts";
import type { LedgerRow } from "../ledger-row.ts";
import { parseQueueJobId } from "../occurrence-id.ts";
import { type Occurrence, Schedule } from "../schedule.ts";
import { MAX_SKIPS } from "../stored-skip.ts";
import { type Verdict, VERDICTS } from "../verdict.ts";
import type { Epoch, Epochs } from "./epochs.ts";

/** Another version of the time zone data moves a fire time by no more than this. */
const MOVED_MS = 26 * 3_600_000;

/** What is weighed: fire times after `from` and up to `to`. */
export interface Scales extends Epochs {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly now: EpochMs;
  /** Decided and open rows of the schedule, which cover these fire times, oldest first. */
  readonly rows: readonly LedgerRow[];
  /** The version of the time zone data here. */
  readonly tzdata: string;
}

/** A fire time, and what stands for it. */
export interface Weighed {
  readonly fireAt: EpochMs;
  readonly row?: LedgerRow;
}

/** What came of weighing: each fire time that was due is in one place. */
export interface Weights {
  readonly decided: Partial<Record<Verdict, number>>;
  /** Waits for a worker, or has a run that is not over. */
  readonly open: Weighed[];
  /** Falls into a pause that goes on. */
  readonly paused: Weighed[];
  /** Was to be decided, and has no row. */
  readonly missing: Weighed[];
  /** Rows where nothing was due, or where there are too many. */
  readonly surplus: Weighed[];
  /** Would be missing or surplus by the time zone data here, which are not those that the schedule was made with. */
  readonly moved: Weighed[];
  /** What may have been due by schedules that are not known any more. */
  readonly unknown: Weighed[];
}

/** A fire time as one of the epochs has it. */
interface Expected extends Occurrence {
  readonly epoch: Epoch;
  readonly isMust: boolean;
}

/** Compares what was due with what is on record. */
export function weigh(scales: Scales): Weights {
  const weights: Weights = {
    decided: {},
    open: [],
    paused: [],
    missing: [],
    surplus: [],
    moved: [],
    unknown: [],
  };
  const expected = expectedIn(scales);
  const left = new Coverage(scales);
  for (const one of expected) {
    const row = left.take(one);
    if (row) noteRow(weights, one.fireAt, row);
    else noteNone(weights, one);
  }
  for (const weighed of left.rest()) {
    const isKnown = weighed.fireAt > scales.knownFrom;
    (isKnown ? weights.surplus : weights.unknown).push(weighed);
  }
  explainMoved(weights, scales);
  return weights;
}

/** The first fire times in the window, at most `limit`, and where the window must end so that these are all. */
export function windowOf(
  { epochs }: Epochs,
  { from, to }: { readonly from: EpochMs; readonly to: EpochMs },
  limit: number,
): EpochMs {
  let end = to;
  for (const { definition, after, decidedTo, goesOn } of epochs) {
    if (!definition) continue;
    const begin = Math.max(after, from);
    const last = goesOn ? to : Math.min(decidedTo, to);
    const schedule = new Schedule(definition);
    let at = begin;
    for (let n = 0; n < limit; n += 1) {
      const next = schedule.next(at);
      if (!next || next.fireAt > last) break;
      at = next.fireAt;
      if (n === limit - 1) end = Math.min(end, at);
    }
  }
  return end;
}

function expectedIn({ epochs, from, to, now }: Scales): Expected[] {
  const found: Expected[] = [];
  for (const epoch of epochs) {
    const { definition, after, decidedTo, until, goesOn } = epoch;
    if (!definition) continue;
    const schedule = new Schedule(definition);
    const last = goesOn ? to : Math.min(decidedTo, to);
    let next = schedule.next(Math.max(after, from));
    while (next && next.fireAt <= last) {
      const isMust = next.fireAt <= decidedTo && next.dueAt <= until;
      if (next.fireAt <= decidedTo || next.dueAt <= now) found.push({ ...next, epoch, isMust });
      next = schedule.next(next.fireAt);
    }
  }
  // Of two schedules that have the same fire time, the one that must have decided it comes first.
  return found.toSorted((a, b) => a.fireAt - b.fireAt || rankOf(a) - rankOf(b));
}

function rankOf({ isMust, epoch }: Expected): number {
  if (isMust) return 0;
  return epoch.goesOn ? 1 : 2;
}

function noteRow({ decided, open }: Weights, fireAt: EpochMs, row: LedgerRow): void {
  const verdict = VERDICTS.find((one) => one === row.state);
  if (verdict) decided[verdict] = (decided[verdict] ?? 0) + 1;
  else open.push({ fireAt, row });
}

function noteNone(
  { missing, open, paused }: Weights,
  { fireAt, isMust, epoch: { decidedTo, goesOn } }: Expected,
): void {
  if (isMust) missing.push({ fireAt });
  else if (fireAt > decidedTo && goesOn === "active") open.push({ fireAt });
  else if (fireAt > decidedTo && goesOn === "paused") paused.push({ fireAt });
}

/** A row for several fire times. */
interface SpanLeft {
  readonly row: LedgerRow;
  readonly fromAt: EpochMs;
  /** Whose fire times they are; `undefined`: no epoch has as many. */
  readonly epoch: Epoch | undefined;
  /** Rows of fire times between that it does not stand for. */
  readonly apart: readonly LedgerRow[];
  /** How many of its fire times in the window have not been found. */
  left: number;
}

/** Rows by the fire times that they stand for. */
class Coverage {
  readonly #singles = new Map<EpochMs, LedgerRow[]>();
  readonly #spans: SpanLeft[] = [];
  /** By the generation in their ids: rows of one epoch have the same. */
  readonly #epochs = new Map<number, Epoch>();
  /** Of rows that another generation decided: what fell into a pause and ran after all. */
  readonly #epochsOfRows = new Map<LedgerRow, Epoch>();

  constructor({ rows, epochs, ...window }: Scales) {
    const isSpan = ({ fromAt, fireAt }: LedgerRow): boolean =>
      fromAt !== undefined && fromAt < fireAt;
    const singles = rows.filter((row) => !isSpan(row));
    for (const row of singles)
      if (row.fireAt > window.from && row.fireAt <= window.to) this.#add(row);
    for (const row of rows.filter(isSpan)) {
      const span = spanOf(row, { epochs, singles, ...window });
      this.#spans.push(span);
      const { epoch } = span;
      if (!epoch) continue;
      this.#epochs.set(generationOf(row), epoch);
      for (const apart of span.apart)
        if (generationOf(apart) !== generationOf(row)) this.#epochsOfRows.set(apart, epoch);
    }
    // What is decided within another span has the narrower one.
    this.#spans.sort((a, b) => a.row.fireAt - a.fromAt - (b.row.fireAt - b.fromAt));
  }

  #add(row: LedgerRow): void {
    const known = this.#singles.get(row.fireAt);
    if (known) known.push(row);
    else this.#singles.set(row.fireAt, [row]);
  }

  /** The row that stands for a fire time; one that is another epoch's only if there is no other. */
  take({ fireAt, epoch }: Expected): LedgerRow | undefined {
    return (
      this.#takeSingle(fireAt, (of) => of === epoch) ??
      this.#takeOfSpan(fireAt, epoch) ??
      this.#takeSingle(fireAt, (of) => of === undefined) ??
      this.#takeOfSpan(fireAt, undefined) ??
      this.#takeSingle(fireAt, () => true)
    );
  }

  #takeSingle(fireAt: EpochMs, isOf: (epoch: Epoch | undefined) => boolean): LedgerRow | undefined {
    const rows = this.#singles.get(fireAt) ?? [];
    const at = rows.findIndex((row) =>
      isOf(this.#epochsOfRows.get(row) ?? this.#epochs.get(generationOf(row))),
    );
    return at < 0 ? undefined : rows.splice(at, 1)[0];
  }

  #takeOfSpan(fireAt: EpochMs, epoch: Epoch | undefined): LedgerRow | undefined {
    const span = this.#spans.find(
      (one) =>
        one.epoch === epoch && one.left > 0 && one.fromAt <= fireAt && fireAt <= one.row.fireAt,
    );
    if (!span) return undefined;
    span.left -= 1;
    return span.row;
  }

  /** What stands for nothing that was expected. */
  rest(): Weighed[] {
    const singles = [...this.#singles].flatMap(([fireAt, rows]) =>
      rows.map((row) => ({ fireAt, row })),
    );
    const spans = this.#spans
      .filter(({ left }) => left > 0)
      .map(({ row }) => ({ fireAt: row.fireAt, row }));
    return [...singles, ...spans].toSorted((a, b) => a.fireAt - b.fireAt);
  }
}

function generationOf({ id }: LedgerRow): number {
  return parseQueueJobId(id)?.sequence ?? -1;
}

function spanOf(
  row: LedgerRow,
  {
    epochs,
    singles,
    from,
    to,
  }: Pick<Scales, "epochs" | "from" | "to"> & { readonly singles: readonly LedgerRow[] },
): SpanLeft {
  const { fireAt, count = 1, fromAt = fireAt } = row;
  const countOf = ({ definition }: Epoch, after: EpochMs, upTo: EpochMs): number =>
    (definition && new Schedule(definition).span(after, upTo)?.count) ?? 0;
  const generation = generationOf(row);
  const between = singles.filter((one) => one.fireAt > fromAt && one.fireAt < fireAt);
  // What somebody skipped has a row of its own in the middle, and so has what fell into a pause and ran after all.
  const own = between.filter((one) => generationOf(one) === generation);
  const apartOf = (epoch: Epoch): LedgerRow[] => {
    const others = countOf(epoch, fromAt - 1, fireAt) - count;
    const schedule = epoch.definition && new Schedule(epoch.definition);
    const rest = others > own.length ? between.filter((one) => !own.includes(one)) : [];
    return [...own, ...rest.filter((one) => schedule?.has(one.fireAt))].slice(0, others);
  };
  const isWithin = ({ after, decidedTo, goesOn }: Epoch): boolean =>
    after < fromAt && (goesOn !== undefined || fireAt <= decidedTo);
  const fits = epochs.filter((epoch) => {
    const others = countOf(epoch, fromAt - 1, fireAt) - count;
    return others === own.length || (others >= 0 && others <= MAX_SKIPS && isWithin(epoch));
  });
  const epoch = fits.find(isWithin) ?? fits[0];
  // One that no schedule explains is told where it ends.
  const isInside = fromAt > from && fireAt <= to;
  if (!epoch) return { row, fromAt, epoch, apart: [], left: isInside ? count : 0 };
  const apart = apartOf(epoch);
  if (isInside) return { row, fromAt, epoch, apart, left: count };
  const inside = countOf(epoch, Math.max(fromAt - 1, from), Math.min(fireAt, to));
  const apartInside = apart.filter((one) => one.fireAt > from && one.fireAt <= to).length;
  return { row, fromAt, epoch, apart, left: Math.min(count, inside - apartInside) };
}

/** Pairs what is missing with what is surplus beside it, if the schedule was made with other time zone data. */
function explainMoved({ missing, surplus, moved }: Weights, { epochs, tzdata }: Scales): void {
  const others = epochs.filter(
    ({ definition }) => definition?.tzdata !== undefined && definition.tzdata !== tzdata,
  );
  if (others.length === 0) return;
  for (const [i, { fireAt }] of [...missing.entries()].toReversed()) {
    const epoch = others.find(({ after, decidedTo }) => after < fireAt && fireAt <= decidedTo);
    if (!epoch) continue;
    const pair = surplus.findIndex((one) => Math.abs(one.fireAt - fireAt) <= MOVED_MS);
    if (pair < 0 && !isNearTransition(epoch, fireAt)) continue;
    moved.push(...missing.splice(i, 1));
    if (pair >= 0) moved.push(...surplus.splice(pair, 1));
  }
  for (const [i, { fireAt }] of [...surplus.entries()].toReversed())
    if (others.some((epoch) => isNearTransition(epoch, fireAt)))
      moved.push(...surplus.splice(i, 1));
}

/** Whether the clock of the schedule's zone changed around an instant, as far as is known here. */
function isNearTransition({ definition }: Epoch, instant: EpochMs): boolean {
  if (!definition) return false;
  const zone = zoneOf(definition.timezone);
  return zone.offsetAt(instant - MOVED_MS) !== zone.offsetAt(instant + MOVED_MS);
}
