import { parseQueueJobId, type QueueJobKind, queueJobIdOf } from "../../src/jobs/occurrence-id.ts";

/** What is numbered, each kind for itself. */
type Numbered = "revision" | "generation" | "wakeup" | "backfill" | "claim";

/** Fields that hold such a number. */
const NUMBER_FIELDS: Readonly<Record<string, Numbered>> = {
  revision: "revision",
  expectedRevision: "revision",
  generation: "generation",
  number: "claim",
  claim: "claim",
};
/** What the sequence in the id of a queue job is; that of a manual run is the caller's. */
const SEQUENCES: Readonly<Record<QueueJobKind, Numbered | undefined>> = {
  occurrence: "generation",
  wakeup: "wakeup",
  backfill: "backfill",
  manual: undefined,
};
/** What the reference does not have gets numbers from here on: it is void there, as what is another queue's. */
const UNKNOWN_FROM = 9e14;

/**
 * Which number of the engine is which of the reference: both number revisions, generations and queue jobs as they come. It
 * learns from answers that must be equal.
 */
export class Names {
  readonly #toReference: Map<string, number>;
  readonly #toEngine: Map<string, number>;

  constructor(toReference: Map<string, number> = new Map(), toEngine = new Map<string, number>()) {
    this.#toReference = toReference;
    this.#toEngine = toEngine;
  }

  copy(): Names {
    return new Names(new Map(this.#toReference), new Map(this.#toEngine));
  }

  /** What was learnt, in one order. */
  pairs(): readonly (readonly [string, number])[] {
    return [...this.#toReference].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  /** The reference's form of what the engine was asked. */
  translate(queue: string, value: unknown, field = ""): unknown {
    if (typeof value === "string") return this.#translateId(queue, value);
    if (typeof value === "number") return this.#translateNumber(queue, NUMBER_FIELDS[field], value);
    if (Array.isArray(value)) return value.map((one) => this.translate(queue, one, field));
    if (typeof value !== "object" || value === null) return value;
    if (value instanceof Map || value instanceof Set) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [
        key,
        // Definitions hold nothing that is numbered.
        key === "definition" ? one : this.translate(queue, one, key),
      ]),
    );
  }

  /**
   * Whether the engine's value and the reference's are the same but for numbers, which are learnt.
   * @returns where they differ; `undefined`: nowhere
   */
  differ(
    queue: string,
    engine: unknown,
    reference: unknown,
    at = "",
    key = "",
  ): string | undefined {
    if (typeof engine === "string" && typeof reference === "string")
      return this.#isSameText(queue, engine, reference) ? undefined : said(at, engine, reference);
    if (typeof engine === "number" && typeof reference === "number") {
      const kind = NUMBER_FIELDS[key];
      const isSame = kind ? this.#pair(queue, kind, engine, reference) : engine === reference;
      return isSame ? undefined : said(at, engine, reference);
    }
    if (Array.isArray(engine) && Array.isArray(reference)) {
      if (engine.length !== reference.length) return said(at, engine, reference);
      for (let i = 0; i < engine.length; i += 1) {
        const found = this.differ(queue, engine[i], reference[i], at, key);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    if (isRecord(engine) && isRecord(reference)) {
      for (const field in engine) {
        const found = this.differ(queue, engine[field], reference[field], at + "." + field, field);
        if (found !== undefined) return found;
      }
      for (const field in reference)
        if (reference[field] !== undefined && !(field in engine))
          return said(`${at}.${field}`, undefined, reference[field]);
      return undefined;
    }
    return Object.is(engine, reference) ? undefined : said(at, engine, reference);
  }

  #translateNumber(queue: string, kind: Numbered | undefined, value: number): number {
    // No revision and no generation is 0: that is "none".
    if (kind === undefined || value === 0) return value;
    const known = this.#toReference.get(keyOf(queue, kind, value));
    if (known !== undefined) return known;
    return UNKNOWN_FROM + value;
  }

  #translateId(queue: string, value: string): string {
    const id = parseQueueJobId(value);
    const kind = id && SEQUENCES[id.kind];
    if (!id || !kind) return value;
    return queueJobIdOf({ ...id, sequence: this.#translateNumber(queue, kind, id.sequence) });
  }

  #isSameText(queue: string, engine: string, reference: string): boolean {
    if (!engine.includes(":")) return engine === reference;
    const id = parseQueueJobId(engine);
    const other = id && parseQueueJobId(reference);
    if (!id || !other) return engine === reference;
    if (id.jobId !== other.jobId || id.kind !== other.kind || id.fireAt !== other.fireAt)
      return false;
    const kind = SEQUENCES[id.kind];
    return kind
      ? this.#pair(queue, kind, id.sequence, other.sequence)
      : id.sequence === other.sequence;
  }

  #pair(queue: string, kind: Numbered, engine: number, reference: number): boolean {
    if (engine === 0 || reference === 0) return engine === reference;
    const [from, to] = [keyOf(queue, kind, engine), keyOf(queue, kind, reference)];
    const known = this.#toReference.get(from);
    const back = this.#toEngine.get(to);
    if (known === undefined && back === undefined) {
      this.#toReference.set(from, reference);
      this.#toEngine.set(to, engine);
      return true;
    }
    return known === reference && back === engine;
  }
}

/** Claims are the fleet's; all else is numbered by each queue. */
function keyOf(queue: string, kind: Numbered, number: number): string {
  return `${kind === "claim" ? "" : queue} ${kind} ${number}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function said(at: string, engine: unknown, reference: unknown): string {
  return `${at || "it"}: ${text(engine)}, not ${text(reference)}`;
}

function text(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
