// Whether an engine did what the reference does: all calls in some order in which they may have happened.
import { createHash } from "node:crypto";
import { serialize } from "node:v8";
import type { AuditFinding } from "../../src/engine/port/engine.ts";
import type { StoredDefinition } from "../../src/jobs/job-requests.ts";
import type { LedgerRow } from "../../src/jobs/ledger-row.ts";
import { parseQueueJobId } from "../../src/jobs/occurrence-id.ts";
import { Names } from "./names.ts";
import { byId, type QueueView, type View, viewOf } from "./observe.ts";
import type { Place } from "./place.ts";
import type { RecordedCall } from "./recorder.ts";
import {
  applyCall,
  emptyFleet,
  type PlainFleet,
  type PlainQueue,
  queueOfFleet,
  UNKNOWN,
} from "./reference.ts";
import { MANY } from "./step.ts";

/** More orders than this are not tried. */
const MAX_TRIES = 20_000;
/** How many steps back another order is looked for. */
const MAX_PAST = 30;

/** The reference, and how its numbers are called. */
interface Side {
  readonly fleet: PlainFleet;
  readonly names: Names;
}

/** What is compared, at the end of a step. */
export interface Happened {
  readonly calls: readonly RecordedCall[];
  readonly view: View;
  readonly jobIds: readonly string[];
  readonly now: number;
}

/** A step that went by, and the other orders of its calls that fit, which are looked for when they are needed. */
interface Past {
  readonly happened: Happened;
  readonly ends: Generator<Side, undefined>;
}

/** The reference beside an engine. */
export class Comparison {
  #side: Side = { fleet: emptyFleet(), names: new Names() };
  /** The last steps: an order that fits when a step ends may turn out wrong later, by what could not be seen then. */
  readonly #past: Past[] = [];
  readonly #place: Pick<Place, "isLoose">;
  /** The jobs of whose ledgers rows were dropped. */
  readonly #cut = new Set<number>();
  #tries = 0;
  /** The difference that was found furthest on. */
  #furthest: { readonly calls: number; readonly difference: string } = {
    calls: -1,
    difference: "",
  };

  constructor(place: Pick<Place, "isLoose">) {
    this.#place = place;
  }

  /** @returns where the engine and the reference differ, whatever the order of the calls; `undefined`: nowhere */
  differ(happened: Happened): string | undefined {
    this.#tries = 0;
    this.#furthest = { calls: -1, difference: "" };
    const ahead = [happened];
    for (let next = ahead.pop(); next; next = ahead.pop()) {
      const ends = distinct(this.#search(this.#side, next, next.calls));
      this.#past.push({ happened: next, ends });
      let fitting = this.#nextOrder();
      while (!fitting) {
        const tried = this.#past.pop();
        if (!tried || this.#past.length === 0) return this.#furthest.difference;
        ahead.push(tried.happened);
        fitting = this.#nextOrder();
      }
      this.#side = fitting;
    }
    this.#past.splice(0, this.#past.length - MAX_PAST);
    return undefined;
  }

  /** The reference after the last step, in an order of its calls that was not tried yet and fits. */
  #nextOrder(): Side | undefined {
    return this.#past.at(-1)?.ends.next().value ?? undefined;
  }

  /**
   * Applies the calls that are left, in each order.
   * @yields the reference after each that fits
   */
  *#search(
    side: Side,
    happened: Happened,
    left: readonly RecordedCall[],
  ): Generator<Side, undefined> {
    const done = happened.calls.length - left.length;
    if (left.length === 0) {
      const difference = this.#differenceOf(side, happened);
      if (difference === undefined) yield side;
      else this.#note(done, difference);
      return undefined;
    }
    const firstEnd = Math.min(...left.map(({ to }) => to));
    const next = left.filter(({ from }) => from < firstEnd).toSorted((a, b) => a.to - b.to);
    for (const call of next) {
      if ((this.#tries += 1) > MAX_TRIES)
        throw new Error(`too many orders to try; up to here: ${this.#furthest.difference}`);
      const own = next.length === 1 ? side : copyOf(side);
      const difference = this.#answerOf(own, call);
      if (difference !== undefined) {
        this.#note(done, `${call.path} on ${call.queue}: ${difference}\n${JSON.stringify(call)}`);
        continue;
      }
      const rest = left.filter((other) => other !== call);
      yield* this.#search(own, happened, rest);
    }
    return undefined;
  }

  /** Lets the reference do the same. @returns where its answer differs */
  #answerOf({ fleet, names }: Side, call: RecordedCall): string | undefined {
    const { queue, path, now } = call;
    const params = paramsFor(names, call);
    const answer = applyCall(fleet, queue, path, params, now);
    if (answer === UNKNOWN) return undefined;
    if (path === "line.activate" && answer !== call.answer && this.#place.isLoose) {
      const id = String(params[0]);
      const own = queueOfFleet(fleet, queue);
      if (!isWakeupId(id) && !isVoid(id, own)) return names.differ(queue, call.answer, answer);
      if (answer === true) own.line.delete(id);
      else own.line.set(id, { state: "active", dueAt: 0 });
      return undefined;
    }
    const inOrder = (value: unknown): unknown => this.#inOrder(path, value);
    return names.differ(queue, inOrder(call.answer), inOrder(answer));
  }

  /** Where what can be seen differs. */
  #differenceOf({ fleet, names }: Side, { view, jobIds, now }: Happened): string | undefined {
    const reference = viewOf(fleet, view.keys(), jobIds, now);
    for (const [queue, seen] of view) {
      const own = reference.get(queue);
      if (this.#place.isLoose) pairWakeups(names, queue, seen, own);
      const difference =
        // Later comparisons know the generations that are learnt here.
        names.differ(queue, seen.jobs, own?.jobs, "jobs") ??
        names.differ(
          queue,
          this.#comparable(seen, (id) => String(names.translate(queue, id)), fleet.get(queue)),
          own && this.#comparable(own, (id) => id, fleet.get(queue)),
        );
      if (difference !== undefined) return `queue ${queue}, ${difference}`;
    }
    return undefined;
  }

  #inOrder(path: string, answer: unknown): unknown {
    if (path === "ledger.read" && this.#place.isLoose)
      return this.#cut.size > 0 ? [] : (answer as LedgerRow[]).toSorted(byFireTime);
    // Which wakeups there are is Redis' own business, and so is which of them were lost.
    if (path === "healing.audit" && this.#place.isLoose)
      return sorted(
        path,
        (answer as AuditFinding[]).filter((finding) => !isWakeup(finding)),
      );
    return sorted(path, answer);
  }

  /** What of a view is compared. @param nameOf gives the reference's id of a queue job */
  #comparable(
    view: QueueView,
    nameOf: (id: string) => string,
    queue: PlainQueue | undefined,
  ): object {
    if (!this.#place.isLoose) return view;
    const { wakeups: _, ...rest } = view;
    const ledgers = view.ledgers.map((rows, i) => {
      if ((view.jobs[i]?.definition.retention.count ?? MANY) < MANY) this.#cut.add(i);
      if (this.#cut.has(i)) return rows.map(({ fireAt }) => ({ fireAt }));
      return rows.toSorted(byFireTime);
    });
    const waiting = view.waiting.filter(({ id }) => !isVoid(nameOf(id), queue));
    return { ...rest, ledgers, waiting };
  }

  #note(calls: number, difference: string): void {
    if (calls > this.#furthest.calls) this.#furthest = { calls, difference };
  }
}

/**
 * Leaves out ends that are as one before: most orders of calls come to the same.
 * @yields the others
 */
function* distinct(ends: Generator<Side, undefined>): Generator<Side, undefined> {
  const known = new Set<string>();
  for (const end of ends) {
    const digest = createHash("sha256")
      .update(serialize([end.fleet, end.names.pairs()]))
      .digest("hex");
    if (known.has(digest)) continue;
    known.add(digest);
    yield end;
  }
}

function copyOf({ fleet, names }: Side): Side {
  return { fleet: structuredClone(fleet), names: names.copy() };
}

/** Claims stand alone among the parameters of some methods. */
function paramsFor(names: Names, { queue, path, params }: RecordedCall): unknown[] {
  if (path !== "directory.release" && path !== "directory.fence")
    return params.map((one) => names.translate(queue, one));
  const [jobId, number] = params;
  return [jobId, names.translate(queue, number, "claim")];
}

/** What the port promises of an answer. */
function sorted(path: string, answer: unknown): unknown {
  if (path === "ledger.readOpenRuns") return (answer as LedgerRow[]).toSorted(byId);
  if (path === "jobs.readDefinitions")
    return (answer as (StoredDefinition | undefined)[]).map(
      (one) =>
        one && { revision: one.revision, generation: one.generation, definition: one.definition },
    );
  if (path === "runs.readCancels")
    return (answer as { queueJobId: string }[]).toSorted((a, b) =>
      byId({ id: a.queueJobId }, { id: b.queueJobId }),
    );
  if (path === "healing.audit") return (answer as AuditFinding[]).toSorted(byFinding);
  if (path === "directory.fence") return typeof answer === "string" ? answer : {};
  return answer;
}

/** Learns which wakeups stand for each other, where both have one. */
function pairWakeups(
  names: Names,
  queue: string,
  { wakeups }: QueueView,
  reference: QueueView | undefined,
): void {
  for (const wakeup of wakeups)
    reference?.wakeups.find((other) => names.differ(queue, wakeup, other) === undefined);
}

function isWakeup(finding: AuditFinding): boolean {
  return finding.kind === "stranded" && isWakeupId(finding.queueJob.id);
}

function isWakeupId(id: string): boolean {
  return parseQueueJobId(id)?.kind === "wakeup";
}

/** Whether an occurrence's queue job stands for nothing any more. */
function isVoid(id: string, queue: PlainQueue | undefined): boolean {
  const parsed = parseQueueJobId(id);
  if (parsed?.kind !== "occurrence") return false;
  const { jobId, sequence, fireAt } = parsed;
  const job = queue?.state.jobs.get(jobId);
  const isNext = job?.generation === sequence && job.next?.fireAt === fireAt;
  return !isNext && queue?.state.running.get(jobId)?.has(id) !== true;
}

function byFireTime(a: LedgerRow, b: LedgerRow): number {
  return a.fireAt - b.fireAt || byId(a, b);
}

function byFinding(a: AuditFinding, b: AuditFinding): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  if (a.jobId !== b.jobId) return a.jobId < b.jobId ? -1 : 1;
  const idOf = (one: AuditFinding): string => ("queueJob" in one ? one.queueJob.id : "");
  return byId({ id: idOf(a) }, { id: idOf(b) });
}
